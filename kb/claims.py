"""What does a clause of a text claim: must one, may one, is it free, who does it?

A clause is reduced to what it is about (pairs of its characters, without numbers and without the words
of must and may) and whether it affirms or denies. Two clauses about the same that differ in that
contradict each other: 不收工本费 and 要收工本费, 双方到场 and 不用双方到场.
"""

import re
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kb.analysis import bigrams, fold


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause. ``about``: pairs of characters; ``denies``: an odd number of denials stands in it.

    ``is_own``: it tells the citizen's own matter; ``follows_own``: a clause before it in its sentence does.
    ``targets``: the character that each denial is about.
    ``continues``: its subject is in the clause before. ``not_needed``: it says that one need not. ``of_case``: its
    sentence tells what happened on a certain day. ``sentence``: which one of the text it stands in.
    """

    words: str
    start: int
    end: int
    about: frozenset[str]
    denies: bool
    is_condition: bool
    not_needed: bool = False
    is_own: bool = False
    continues: bool = False
    follows_own: bool = False
    targets: frozenset[str] = frozenset()
    of_case: bool = False
    sentence: int = 0


@dataclass(frozen=True, slots=True)
class Office:
    """An office named in a text; ``acts``: the words around say that one goes there or that it does it.

    ``what``: the pairs of characters of what follows its name in the clause: 提出申请, 在系统中发起. ``is_own``: the
    clause tells the citizen's own matter.
    """

    name: str
    words: str
    start: int
    acts: bool
    what: frozenset[str] = frozenset()
    is_own: bool = False


_FEES = "(?:费用?|钱|工本费|手续费|登记费|学费|杂费|学杂费|押金|保证金|违约金)"
# Ways of saying that something costs nothing, or something, in one word each.
_FREE = re.compile(
    r"(?:不|免|无需|无须|不用|不必|零)(?:再)?(?:收取|收|缴纳|缴|交|要|付|用交|需交|用缴)?(?:任何|一切)?"
    rf"{_FEES}|免费|分文不收|不花钱|减免|免收(?=$|[,，。;；])"
)
_PAID = re.compile(
    rf"(?:收取|缴纳|支付|收|缴|交|付)[^,，。;；不]{{0,8}}?{_FEES}|"
    r"自费|有偿|(?:自己|自行)(?:出|掏|花)钱|付款(?!记录|凭证|方|码)"
)
# 不 is no denial in these.
_NO_DENIAL = re.compile(
    r"(?<=表)不准|不准确|不(?:足|满意?|到(?=\d|[一二三四五六七八九十百])|得?超过|得?低于|得?少于|得?高于|得?多于|大于|小于|同|动产|限|仅|但|管|论|断"
    r"|久|少|错|妨|过|含|包括|在此|清楚?|明|便|好|了解|知道?|得已)|未成年|未来|非常|莫非|是否|能否|可否|无论|无障碍|没关系"
)
_DENIAL = re.compile(
    r"用不着|不(?:需要|用|必|得|能够?|可以?|许|准|会|再|予|须|应当?|要|宜|允许|接受|支持|提供)?|无(?:需|须|法|权)|没有?(?:义务|必要|权利)?|未(?:经)?"
    r"|无(?!论|障碍|关|锡|偿|线|人机|害|锡)|禁止?|严禁|拒绝|免(?=[^,，]{0,6}费|除|缴|交|收|征|试|检|上线|提交|提供|予)|非(?=本市|户籍)|勿|别(?=忘|再)"
)
_MODAL = re.compile(
    r"必须|应当|须要|需要|可以|能够|允许|强制|统一|直接|照常|目前|现在|正常|同样|一样|也|都|均|须|应|需|可|能|(?<!申)请|您|了|的|就|才|即|再|会|要|是|在"
)
_UNITS = (
    "个?工作日|个月|小时|分钟|立方米|平方米|平米|厘米|公里|万元|周岁"
    "|[年月日天元周岁次分点时米倍册本只份张套户件项]"
)
_NUMBERS = re.compile(
    rf"(?:[\d.,:/%]+|[零〇一二两三四五六七八九十百千万亿]+)\s?(?:{_UNITS})|[\d.,:/%]+|每(?:{_UNITS}|[人户])"
)
_ENDS = re.compile(r"[^,.;:!?，。；：！？\n]+")
_SENTENCES = re.compile(r"[^。！？；!?;\n]+")
_CONDITION = re.compile(r"(?:的|时|的话|后|前)$|^(?:如果?|若|凡|除|对于?|逾期|符合)")
_DIGIT_POINT = re.compile(r"(?<=\d)[.,:](?=\d)")

# 未悬挂号牌的处警告: the denial says of whom, not what.
_ATTRIBUTE = re.compile(r"(?:未|没有?|无|不予)([^的,，不未]{1,12})的(?=[^,，]{3})")
_EITHER = re.compile(r"([一-龥])不\1")
_PRICED = re.compile(
    r"(?:费用|工本费|登记费|手续费|票价)[^,，。]{0,8}?[\d一二两三四五六七八九十百][^,，。]{0,6}元"
)
_PUNISHED = re.compile(r"(?:被|受到?|给予|处以?)[^,，不]{0,12}(?:处罚|罚款|警告)")
"""会被处罚 tells what follows, 是否有许可 asks: neither says what holds."""
_ASKS = re.compile(r"是否|能否|可否|有无|有没有")
_TITLE = re.compile(r"《[^《》]*》(?:[(（][^()（）]*[)）])?")
NOT_NEEDED = "不需要?|不用|不必|无需|无须|用不着"
_NOT_NEEDED = re.compile(NOT_NEEDED)
_CONSEQUENCES = ("逾期", "视为", "则", "就", "将", "会")
_CONTINUES = re.compile(r"须|应|由|可|不|需|禁|严|免|费用|并|且|均|也|还")
OWN = re.compile(
    "|".join(
        (
            # who and what it is about: 您家, 该工地, 这条路, 那笔钱; 请您, 由您 are told to everybody
            r"(?<![请由议醒要烦供助让为给替帮便])(?:您|你)(?!可|需|应|须|要|请|好|必|能|在|到|办)",
            r"您(?:在|到)[^,，。;；]{0,12}(?:了|过)|贵(?:公司|单位|校|村)|我局|我们",
            r"这(?:个|家|条|些|处|起|所|一段)|那(?:个|笔|张|次|条|家|只|辆|处)",
            r"该(?:工地|公司|小区|校|单位|车|路段|犬|狗|店|楼|户|树|人|男子|女士|工程|项目)",
            # what was written and found out
            r"(?<!信箱)来信|来电|反映|经(?:查|核|了解|调查)|属实|确实|(?<!负责)(?<![局队])查处|违反规定|测得|鉴定为|核实",
            r"是因为|由于|没有?(?:及时|按时|按)|还没|尚未|多算|看错|少算|(?<!最)多收|误(?:收|报|填|扣)",
            r"拿不出|出示不了|不能出示|未能提供|享受不了|管不了|现场(?:未|不能|没有|无法)",
            # what was done, and when
            r"当天已|当晚|责令|已被|已于|拟(?:罚|处|于)|约[在好]|定[在于]|安排在|到场[设摆测查清]|增开|恢复(?:正常|供)",
            r"已经?(?:安排|派|转|到|赶|要求|完成|修|启|更正|恢复|核实|立案|送|划拨|调|协|督|改派|联系|通知|清|换|发函|劝)",
            r"已经?(?:约谈|整改|处[理置]|解决|拆|增|加派|移)",
            r"(?<![将会])被(?:退|扣|收走|拖|盗|撞|罚|投诉|查|砍|占|锁|拒)",
            # how long and how much in this case
            r"[缴交住干办等排过花]了(?=[\d一二两三四五六七八九十半])|[已费][交缴]?(?=[\d一二三四五六七八九十]+(?:个月|年))",
            r"才出生|还差|还要等|还有|合计|总共|一共|共计",
        )
    )
)
"""A clause that tells the citizen's own matter, or what was done about it."""

_SAME_ACTS = (
    ("申领", "申请"), ("领取", "领"), ("更换", "换"), ("办理", "办"), ("提出申请", "申请"), ("混合", "混"),
    ("复核申请", "申请复核"), ("擅自", "自行"), ("私自", "自行"), ("投票", "表决"), ("审批", "批准"),
    ("许可", "批准"), ("暖气", "供热"), ("供暖", "供热"), ("剪枝", "修剪"), ("补偿金", "违约金"),
)  # fmt: skip


def clauses(text: str) -> list[Clause]:
    """The clauses of a text in order; positions are those of the folded text."""
    folded = fold(text)
    shielded = _DIGIT_POINT.sub("·", folded)  # 9:30 and 2.9 are not two clauses
    spans = [found.span() for found in _ENDS.finditer(shielded)]
    words = [folded[start:end] for start, end in spans]
    following = [*words, ""][1:]
    made = [_clause(said, span[0], then) for said, span, then in zip(words, spans, following, strict=True)]
    bounds = [found.span() for found in _SENTENCES.finditer(folded.replace("如下:", "如下;"))]
    starts = [start for start, _ in bounds]
    dated = [
        bool(_ON_A_DAY.search(said) and not _TERMS.search(said)) for said in (folded[a:b] for a, b in bounds)
    ]
    at = [bisect(starts, part.start) - 1 for part in made]
    sizes, own = Counter(at), dict[int, int]()
    for sentence, part in zip(at, made, strict=True):
        if part.is_own:
            own.setdefault(sentence, part.start)
    return [
        replace(
            part,
            sentence=sentence,
            follows_own=own.get(sentence, part.start) < part.start,
            of_case=dated[sentence] and sizes[sentence] > 1,
        )
        for sentence, part in zip(at, made, strict=True)
    ]


# 7月3日民警上门; not 8月31日前, 6月10日至16日, 每年4月1日, which are terms.
_ON_A_DAY = re.compile(
    r"(?<![每\d年至到~自从止])(?<!时间为)(?<!日期为)(?<!安排在)\d{1,2}月\d{1,2}日(?!前|起|至|到|以[前后]|之[前后]|为止|止|[-~—])"
)
_TERMS = re.compile(r"截止|截至|报名时间|开始报名|试鸣")


def _clause(words: str, start: int, next_words: str = "") -> Clause:
    plain = _PAID.sub("收费", _FREE.sub("不收费", _TITLE.sub("", words)))
    if _PRICED.search(words):
        plain += "收费"
    plain = _NO_DENIAL.sub("", _EITHER.sub(r"\1", _as_one(plain)))
    plain = _ATTRIBUTE.sub(r"\1的", plain)
    denials = len(_DENIAL.findall(plain))
    bare = _bare(_DENIAL.sub("", plain))
    return Clause(
        words=words.strip(),
        start=start,
        end=start + len(words),
        about=frozenset(bigrams(bare)),
        denies=denials % 2 == 1,
        is_condition=bool(_CONDITION.search(words.strip()) or _PUNISHED.search(words) or _ASKS.search(words))
        or next_words.startswith(_CONSEQUENCES)
        or words.count("、") > 1,
        targets=frozenset(
            target
            for found in _DENIAL.finditer(plain)
            for named in plain[found.end() : found.end() + _DENIED].split("、")
            if (target := _bare(named)[:1])
        ),
        not_needed=bool(_NOT_NEEDED.search(words)),
        is_own=bool(OWN.search(words)),
        continues=bool(_CONTINUES.match(words.strip())),
    )


_DENIED = 60
"""Characters behind a denial in which stands what it denies."""
_MOST = 300
"""Clauses of a text that are compared; longer ones are no answers, and every pair is looked at."""


def _bare(plain: str) -> str:
    """A clause without the words of must and may, numbers, spaces and marks."""
    return re.sub(r"[\s“”\"'()（）《》〈〉\[\]~—-]", "", _NUMBERS.sub("", _MODAL.sub("", plain)))


_ALIKE = 0.5
"""Share of the shorter clause's pairs that two clauses about the same have in common."""
_SHORT_CLAUSE = 3
_FEE = "收费"
_SUBJECT_ELSEWHERE = 0.9  # of two clauses equally near, the one that names the subject itself


def contradictions(reply: str, entry: str) -> list[tuple[str, str]]:
    """Pairs (words of the reply, words of the entry) where one affirms what the other denies."""
    agreed = _with_subjects(clauses(entry)[:_MOST])
    fees = {clause.denies for clause, _ in agreed if _FEE in clause.about}
    needs = _one_sided([_Need.of(clause) for clause, _ in agreed])
    found = []
    for said in clauses(reply)[:_MOST]:
        if said.is_own or said.of_case or not said.about or (said.follows_own and _FEE in said.about):
            continue
        other: Clause | None
        if _FEE in said.about and len(fees) == 1:
            other = next(clause for clause, _ in agreed if _FEE in clause.about)
        else:
            other = _nearest(said, agreed)
        if other is not None and other.denies != said.denies and _is_about_the_denied(said, other):
            found.append((said.words, other.words))
        elif not said.follows_own:
            mine = _Need.of(said)
            found += [(said.words, their.clause.words) for their in needs if mine.opposes(their)][:1]
    return found


_DEMANDS = re.compile(
    r"(?<![无不])(?:必须|应当|须|应|需要|需|先)|请[^,，。]{0,4}(?:备齐|备好|准备|带[齐上好]?|提供|出示|提交|附上)"
)
_GENERAL = frozenset({
    "申请", "办理", "提交", "提供", "材料", "手续", "窗口", "现场", "本人", "担心", "着急", "费用", "缴费", "收费",
    "证明", "登记", "到场", "户籍", "操心", "过来", "前往",
})  # fmt: skip
"""What nearly every answer asks for somewhere: that it is not needed here says nothing of it there."""


@dataclass(frozen=True, slots=True)
class _Need:
    """What a clause says that one need not (its last word), and, where it demands something, all of its words."""

    clause: Clause
    waived: str
    demanded: str

    @staticmethod
    def of(clause: Clause) -> "_Need":
        words = _as_one(clause.words)
        last = _TAIL.sub("", words)[-2:] if clause.not_needed else ""
        demands = not clause.denies and bool(_DEMANDS.search(words))
        return _Need(clause, "" if last in _GENERAL else last, words if demands else "")

    def opposes(self, other: "_Need") -> bool:
        """Whether one demands what the other waives: 无需审批, 须先报批准."""
        return bool(
            (self.waived and self.waived in other.demanded)
            or (other.waived and other.waived in self.demanded)
        )


def _one_sided(needs: Sequence[_Need]) -> list[_Need]:
    """Those whose word is not waived here and demanded there: 修剪无需审批, 砍伐须经审批."""
    return [
        replace(one, waived="")
        if one.waived and any(one.waived in other.demanded for other in needs)
        else one
        for one in needs
    ]


_TAIL = re.compile(r"(?:了|的|就行|即可|就可以|呢|啊|这些|什么)+$")


def _as_one(words: str) -> str:
    for said, same in _SAME_ACTS:
        words = words.replace(said, same)
    return words


def _is_about_the_denied(left: Clause, right: Clause) -> bool:
    """Whether what the one denies stands in the other: 单灯不亮 denies nothing of 单灯 2 天内修好."""
    denying, affirming = (left, right) if left.denies else (right, left)
    plain = "".join(affirming.about)
    return not denying.targets or any(target in plain for target in denying.targets)


Agreed = tuple[Clause, frozenset[str]]
"""A clause of the entry, and what it is about together with the clause that holds its subject."""


def _with_subjects(parts: Sequence[Clause]) -> list[Agreed]:
    agreed: list[Agreed] = []
    for place, part in enumerate(parts):
        before = parts[place - 1].about if place and part.continues else frozenset()
        agreed.append((part, part.about | before))
    return agreed


def _nearest(said: Clause, agreed: Iterable[Agreed]) -> Clause | None:
    """The clause that is about the same; of equals the one that agrees."""
    scored = [
        (_likeness(said, *other), other[0].denies == said.denies, len(said.about & other[0].about), other[0])
        for other in agreed
    ]
    alike = [row for row in scored if row[0] >= _ALIKE]
    return max(alike, key=lambda row: row[:3])[3] if alike else None


def _likeness(left: Clause, right: Clause, with_subject: frozenset[str]) -> float:
    if (left.is_condition or right.is_condition) and not left.not_needed:
        return 0.0
    if (_FEE in left.about) != (_FEE in right.about):
        return 0.0  # 老人免费 denies the fee, not the old people
    return max(
        _shared(left.about, right.about, left.denies or right.denies),
        _SUBJECT_ELSEWHERE * _shared(left.about, with_subject, False)
        if len(left.about) > _SHORT_CLAUSE and left.about & right.about
        else 0.0,
    )


def _shared(left: frozenset[str], right: frozenset[str], denied: bool) -> float:
    if not left or not right:
        return 0.0
    common, shortest = len(left & right), min(len(left), len(right))
    if shortest == 1:
        return _ALIKE * (common == 1 and denied and left & right != {_FEE})
    if shortest <= _SHORT_CLAUSE and common < shortest:
        return 0.0
    return common / shortest if common > 1 else 0.0


# ------------------------------------------------------------------ who

_KINDS = (
    r"(?:乡镇\(街道\)|街道\(乡?镇\))(?![一-龥]{1,8}(?:站|所|局|中心|办))"
    "|街道(?=提出|申请|受理|办理|[,，。;；]|$)|残联|车管所|总工会|工会|殡仪馆|街道办事处|办事处"
    "|街道办|乡镇人民政府|人民政府|政府办公室|政府|居民委员会|居委会|村民委员会|村委会|派出所|监督管理所|监管所|管理所"
    "|管理局|管理办公室|办公室|信访局|委员会|农业农村办|经办机构|服务中心|中心|服务大厅|大厅|医院|学校|公司|企业|大队|中队|支队|总队"
    "|法院|检察院|税务所|服务站|银行|局|委(?!托|员)|科室|处室|福利院|图书馆|机构"
)
_NAME = re.compile(rf"(?:[一-龥]{{1,14}}?)(?:{_KINDS})(?!所在|人员|员)")
_TOWARDS = re.compile(
    r"(?:向|到|去|由|找|跟|联系|咨询|前往|报|取得)"
    r"(?:[一-龥]{1,6}指定的|[一-龥]{2,4}地的?|本市|全市|就近的?|所在的?|所属的?|当地的?|其"
    r"|[户居经参所][籍住营保在]地?的?|乡镇|街道|社区|[(（][^()（）]*[)）])*$"
)
_DOES = re.compile(
    r"^(?:的[^,，。;；]{0,6})?(?:统一|直接|负责|受理|发放|审核|办理|核准|审批|复核|初审|安排|管(?!理))"
)
_LEADING = re.compile(
    r".*(?:请|可以|直接|先|分别|统一|向|到|去|由|找|跟|和|与|或者?|及|要|联系|咨询|前往|的|取得|报(?=[市区县省]))"
)
_SELF = re.compile(r"^(?:我|本|贵|该|各|有关|相关|承办|原)")


_ONE_NAME = re.compile(
    r"(?<=住房)和(?=城乡)|(?<=资源)和(?=规划|社会)|(?<=规划)和(?=自然)|(?<=文化)和(?=旅游)|(?<=发展)和(?=改革)"
    r"|(?<=工业)和(?=信息)|(?<=教育)和(?=体育)|(?<=民族)和(?=宗教)|(?<=广电)和(?=旅游)|(?<=审批)和(?=政务)"
)
"""和 within the name of one office, where elsewhere it joins two."""


def offices(text: str) -> list[Office]:
    """The offices a text names, with whether they act there; 我局 and 有关部门 name none."""
    found = []
    for clause in clauses(text):
        words = _ONE_NAME.sub("暨", clause.words)
        for match in _NAME.finditer(words):
            lead = _LEADING.match(match[0][:-1])
            cut = lead.end() if lead else 0
            name = clause.words[match.start() + cut : match.end()]
            if len(name) < 3 or _SELF.match(name):
                continue
            before, after = words[: match.start() + cut].rpartition("、")[2], words[match.end() :]
            does = not before and not clause.follows_own and _DOES.match(after)
            acts = bool(_TOWARDS.search(before) or does)
            what = frozenset(bigrams(_bare(after)))
            start = clause.start + match.start() + cut
            found.append(Office(name, name, start, acts, what, clause.is_own or clause.of_case))
    return found


def is_same_office(left: str, right: str) -> bool:
    """Whether one name is the other one shortened: 城管局 and 市城市管理局; 户籍地 is not 居住地."""
    if _where(left) and _where(right) and _where(left) != _where(right):
        return False
    short, long = sorted((_plain_name(left), _plain_name(right)), key=len)
    rest = iter(long)
    return all(character in rest for character in short)


_WHERE = re.compile(r"(户[籍口]|(?:违法|事故)?发生|事发|居住|经营|工作|所在|参保)(?:所在)?地?")
_SAME_WHERE = {"户口": "户籍", "违法发生": "发生", "事故发生": "发生", "事发": "发生"}
_NOISE = re.compile(
    r"^(?:云?泽?市|本市|市内|全市|省|区|县|市|任何?一个?|任何|随便|哪个|辖区|公安)+|所属|所在地|当地|就近|任一|定点"
)
_SHORT = (
    ("乡镇(街道)", "街道办事处"), ("街道(镇)", "街道办事处"), ("街道(乡镇)", "街道办事处"),
    ("村委会", "村民委员会"), ("居委会", "居民委员会"), ("街道办", "街道办事处"), ("医保局", "医疗保障局"),
    ("卫健", "卫生健康"), ("环保", "生态环境"), ("办公室", "办"), ("街道办事处事处", "街道办事处"),
    ("企业", "公司"), ("派出所", "派出所"), ("人社", "人力资源社会保障"),
)  # fmt: skip


def _plain_name(name: str) -> str:
    for said, same in _SHORT:
        name = name.replace(said, same) if same not in name or said == "办公室" else name
    return _NOISE.sub("", _WHERE.sub("", name)) or name


def _where(name: str) -> str:
    found = _WHERE.search(name)
    return _SAME_WHERE.get(found[1], found[1]) if found else ""

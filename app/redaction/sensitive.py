"""Which matters in a letter are a person's to decide about, whatever was hidden in it?

Minors, health, family, belief, crime, wrongdoing and secret marks (D19, A24; PIPL art. 28 counts most of them as
sensitive): the rules flag, a person decides.
"""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum


class Flag(StrEnum):
    """Why a person must look at the text even if nothing is left to hide (D19, A24)."""

    MINOR = "minor"
    HEALTH = "health"
    FAMILY = "family"
    BELIEF_OR_CRIME = "belief_or_crime"
    WRONGDOING = "wrongdoing"
    THIRD_PERSON = "third_person"
    ODD_WRITING = "odd_writing"
    SECRET_MARK = "secret_mark"


FLAG_LABELS: Mapping[str, str] = {
    Flag.MINOR: "涉及未成年人",
    Flag.HEALTH: "涉及健康状况",
    Flag.FAMILY: "涉及家庭、婚姻",
    Flag.BELIEF_OR_CRIME: "涉及信仰或犯罪记录",
    Flag.WRONGDOING: "举报线索",
    Flag.THIRD_PERSON: "点名提到他人",
    Flag.ODD_WRITING: "号码写法异常，可能有遗漏",
    Flag.SECRET_MARK: "出现密级或内部资料标志",
}

# fmt: off
FLAG_WORDS: tuple[tuple[Flag, re.Pattern[str]], ...] = (
    (Flag.MINOR, re.compile(
        r"未成年|小学生|初中生|中学生|高中生|幼儿园|幼童|儿童|小孩|孩子|婴儿|留守|学籍"
        r"|(?<![0-9])(?:[1-9]|1[0-7])周?岁|[一二三四五六七八九十]岁|"
        r"(?:我|她|他|的|家)(?:儿子|女儿|孙子|孙女|外孙|外甥|侄)|[一二三四五六1-6]年级|初[一二三]"
        r"|高[一二三](?!层)|宝宝|娃娃?|男童|女童|少年|校园霸凌|"
        r"幼升小|小升初|监护人|独生子女|新生儿|孤儿|青少年")),
    (Flag.HEALTH, re.compile(
        r"癌|肿瘤|艾滋|HIV|抑郁|精神病|精神障碍|残疾|瘫痪|病历|确诊|住院|手术|怀孕|孕妇|流产|传染病"
        r"|尿毒症|白血病|肝炎|"
        r"结核|糖尿病|高血压|低血压|重病|大病|慢性病|患病|生病|病情|病历|病房|骨折|中风|偏瘫|痴呆"
        r"|阿尔茨海默|帕金森|自闭症|癫痫|哮喘|过敏|"
        r"新冠|核酸|不孕|堕胎|人流|性病|梅毒|肾病|肾炎|残障|聋哑|失明|盲人|智障|自杀|抢救|猝死|植物人"
        r"|康复期|职业病|尘肺|工伤|患病|患有|脑梗|心脏病|阳性|唐氏|化疗|透析|伤残|诊断", re.IGNORECASE)),
    (Flag.FAMILY, re.compile(
        r"离婚|家暴|家庭暴力|出轨|婚外|抚养权|抚养费|赡养|遗产|继承|分居|前夫|前妻|私生|同居|彩礼|虐待"
        r"|遗弃|再婚|离异|单亲|丧偶|守寡|未婚先孕|婚姻|夫妻(?:感情|矛盾|关系)|家庭(?:矛盾|纠纷)"
        r"|亲子鉴定|收养|领养|"
        r"(?:丈夫|妻子|老公|老婆|爱人|婆婆|公公|岳父|岳母|媳妇|女婿|儿媳)")),
    (Flag.BELIEF_OR_CRIME, re.compile(
        r"宗教|信教|做礼拜|清真寺|教堂|法轮功|教徒|基督教|天主教|伊斯兰|邪教|吸毒|戒毒|毒品|传销|赌博"
        r"|社区矫正|取保候审|通缉|刑满|服刑|判刑|有期徒刑|拘留|前科|强奸|猥亵|嫖|卖淫|犯罪记录|刑拘|缓刑")),
    (Flag.WRONGDOING, re.compile(
        r"举报|检举|揭发|控告|受贿|索贿|回扣|公款|权钱|裙带|勾结|行贿|贪污|腐败|以权谋私|滥用职权"
        r"|黑社会|黑恶|保护伞|村霸|违纪|包庇|吃拿卡要|挪用|侵吞|骗取|诈骗|渎职")),
    (Flag.THIRD_PERSON, re.compile(
        r"(?:某|先生|女士|[局处科镇乡县区市村组所院校园站队会厅部]长|主任|书记|经理|老板|老师|人员|干部)的?"
        r"(?:丈夫|妻子|爱人|老公|老婆|媳妇|儿子|女儿|父亲|母亲|哥哥|弟弟|姐姐|妹妹|侄子|外甥|小舅子|亲戚|家属|情人)")),
    (Flag.SECRET_MARK, re.compile(
        r"绝密|机密|秘密\s*[★☆*]|[★☆]\s*(?:长期|[0-9]{1,2}年)|内部资料|内部文件|不得外传|不宜公开"
        r"|国家秘密|商业秘密")),
)
# fmt: on


def touched(plain: str) -> Iterator[Flag]:
    """The matters that the folded text touches, in the order of the table."""
    for flag, pattern in FLAG_WORDS:
        if pattern.search(plain):
            yield flag

"""Who is named? Cues, titles, surnames with jieba's part of speech, and foreign names, as a union.

No list of names is complete (reliability §0.9): a person confirms what is published.
"""

import re
from collections.abc import Iterator, Sequence

from app.redaction.folding import Folded
from app.redaction.numbers import Found, Kind
from app.redaction.words import Word

SURNAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳"
    "酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞"
    "熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣贲邓"
    "郁单杭洪包诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊於惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫"
    "宁仇栾暴甘钭厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡朴劳逄姬申扶堵冉"
    "宰郦雍郤璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳"
    "沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公佟肖覃闫岳苟仝涂代展揭谌来位"
    "操生但原苑冼宾晋楚滇帅缑亢况郈琴商牟佘佴伯赏墨哈谯笪年爱阳粟占付瓮鄢芦隋岩区叢丛战税随郇撒迟逢初由檀亓仉鹿门"
    "陳張楊劉吳鄭馮衛蔣韓許呂嚴華魏謝鄒蘇魯韋馬費賀羅畢鄔樂時傅齊顧黃蕭龐紀項閔賈婁顏鐘駱萬盧莫應鄧單諸榮龔陸錢孫趙葉賴龍"
    "譚勞喬聞竇嶽岳湯滿國歐關遊蓋鄺譙蘭閻連習鳳賓羅聶曾簡饒沖"
)
COMPOUND_SURNAMES = frozenset(
    "欧阳 歐陽 太史 端木 上官 司马 東方 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 "
    "公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 令狐 轩辕 亓官 夹谷 拓跋 呼延 南门 纳兰 百里 东郭 西门 公西 叶赫 完颜 "
    "那拉 爱新 第五".split()
)
COMMON_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范石姚谭廖邹熊金陆郝孔崔康毛邱秦江史顾侯邵孟龙段雷钱汤尹黎易常武乔贺赖龚文庞樊殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂"
    "佟肖覃闫付涂柳岳祝纪耿欧焦詹关房靳柯邢莫卓冉阮裴苑牟陳張楊劉吳鄭馮蔣韓許呂嚴華魏謝鄒蘇葉羅龔趙孫錢黃賴譚盧鄧"
)
PURE_SURNAMES = COMMON_SURNAMES - frozenset(
    "高金石方黄马万江白安常叶余田任林史贺易武夏钟牛温康严向曾熊段龙雷钱汤"
)
"""Surnames that are hardly ever anything else; what follows them needs less proof."""
GIVEN = frozenset(
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅金文建国志云海波宇浩鹏飞龙辉玲莉婷雪琳颖慧晶洁倩佳怡欣雅琪瑶璐蕾薇"
    "燕凤春秋冬夏生林森木松柏山川江河清源泉峰岩石峻岭东西南北中安康宁福禄寿喜庆吉祥瑞富贵荣昌盛兴旺发达财宝成功胜利立业永长久远"
    "光亮星月晨曦旭昊天宏伦俊豪杰雄彬斌武威毅刚健民人家和谐顺义礼智信忠孝仁德厚道善良友爱爱心思念怀忆学文书翰墨诗词画琴棋艺才"
    "子轩梓涵浩然一诺欣妍雨泽睿晗悦彤萱钰瑾瑜琦珊珍珠翠碧青蓝紫丹彩虹霄汉卿臣辰申炎炳焕焱烨灿煜熙煌铭铮锋锐钢铁鑫锦钧钦银铜"
    "正直方圆大小少老新旧初元开启继承传统宗祖绍先进前程万里千百双全友朋善本根培植树芝兰芬芸莲菊蓉荷莹莎菲蓓蕊茜苗萍芹花香芯蔓"
    "伯仲叔季孟贤良淑贞惠娴婉媛嫣婧娇媚妮姗娥姝妹姐婵冰凝露霖霏雯雷震霆电风云岚嵩崇嵘巍岳城坤地培垚墨壮奇奎奕如妙学宝定宜宪家容"
    "寒寿尚尧就展崇川左帅帆帝常幼广庄应庭延弘弟彦彪影征得微徽德必忆志忠念思怡恒恩恬悟惟愉意感慈慕懿戈成承抒拓振捷授推操敏教敬斯"
    "方施旋日旦昀昂昆昌易昕映昭显晋晓晖景晴智暄曙曦朔朗望朝木本杉材来杨松枫柔柯栋树栩桐梁梓森楚楠榆槐樱歌正步武毓水永汀汉池沁沛"
    "沫治泓波泽洁洋洪津洲浦浩浪海涌涛润涵淇淑淳清渊渝温游湘源滢滨满漫漪潇潮澄澜濠瀚灵炫炯烈焰然煊照熊熹爱爽牧特献玄玖玥玮环现玺"
    "珂珉珏珑珩球理琅琛琨瑄瑗璇璋璟瓒甘生用田男界畅略皓益盈相真眉睿知石研硕磊祎祖祥祺禄禹禾秉科秦程稳穆穗章童端竹笑笛筠简箫米"
    "剑颐焯谆凡谊炯鸾琰琮瑭瑢睦鋆钊镭锟铠铄劼勖勰勃骅骐骥鲲鹂鹰麓黛熠燚焜煦熔燿炀炆烽焓昶晟晏晗晔晞暐暾曜杭桢桓梵棣棠榛樾橙橹檬沣泾浛浚涟淞淼渤湛溢滟潍澍濡瀛灏玎玑玢珣珥琎琏琤瑷璘璨祯祚禧稷竣笙筝绎绮绶缙羲翀翊翎翙翟聿胥舜芊芙苡茉莜菡葵蒋蔺蕙薏藤蘅虔衡谙谟谧赟轼辕逍遇郴鄞酩铖锘阑阙陌霓霄霆靓韩颀颉飏馗骞髦魁麾"
    "精素红纯纲绍经结绮维绪绵缘羽群翔翰耀耘联聪肖育胜能腾自至致良节苏若苹茂范茵荃莘菁萌蒙蓝蔚蕴薪虎虹行衍裕西言誉计许诗诚语诺谊"
    "谋谦谨贝贤贺超越跃路车轩轶辅达迅运进远连迪逊通逸遥道邦郁都重野量鉴长门闻阅阳际陆陶隆雁雄雪雯青靖非韦韵韶音顺颂颖风飒飞首香"
    "馨骁骏高鸣鸿鹃鹤麒麟黎齐龄勤劲力加助劭功动励劳勋化升卓卫厚及友双发可史司同名君启周和品哲唯善喆嘉器圣均坚垣基堂增士壬夫央宁"
    "宗官宙宜宣宸密富尉屹巧己布希平年并序廉廷建开异弓弦强归彤彰律思总恺悌悦情慎慷打报抗拔拥持挺文斐方旗既时晏普晶曼有朋服未术权"
    "杏极果柱标格桃桑检棠椿榕樊檀欢武殿毅民氏汝沂沅河沙沐泊法泰洛济浙润涓深溪滔潭焘燊爵牛牧珮琬瑛瑞琼璞瓊甜甫申畴登百皎盟直眷禛立"
    "竞笃筱粤纪纹纵织细绪绿美義翼老耕聚胤臻舒舟航艾芷苇苓莉莎蒲薛藏虞蝶袁裳觉解训识谷豆豪贡质赐赛起趣跻辛辰迎述逢道那邵郎郭酉里"
    "金钊钟钰铃铎铨锴镇镕闯闽际霁静鞍韬项须频题额颜飘饶馥驰驹骄骞鱼鲁鲜鳌鹰麦默鼎龑叶籽桉榮寶勛偉傑軍靜麗華強國輝燕嫻瑩蘭鳳"
    "楓銘鋒錦鈞鴻鵬龍賢貞賓贊麟禎維綺緯總羅義聖聰肅膺興芃茗荔莞萃葆葳蒨蓁蔓嫚孜孟嫦婕妤妍妘坤垠埔埕塘墉夢夏奐"
)
"""Characters often used in given names; written down from general knowledge."""

NEVER_LAST = frozenset(
    "说是在的和等曾也就又将与对为从于后前中让被把向给以及或称则即却还并再都已很最更不没有会能可要想去来到过着了吗呢吧啊案人家组队版姓按"
)
"""Single characters that follow a name and are not part of it."""

NOT_GIVEN = frozenset(
    "的了在是和有不这我你他她它们就也都着过把被给让向从到与或及其该此那每各某等么吗呢吧啊说要会没去"
)
"""Characters that end a name: particles, pronouns, verbs of everyday."""

SOUNDS = frozenset(
    "阿埃艾爱安昂奥巴白班邦保堡鲍贝本比彼毕宾波伯勃博布卜采查察昌楚茨慈达大戴丹当道德登邓狄迪蒂丁东杜顿多厄恩尔伐法范方菲费芬丰冯"
    "佛夫弗福富盖甘高哥戈格葛根贡古瓜圭郭哈海汉豪赫亨洪胡华怀惠霍基吉及加嘉贾杰金津京久喀卡开凯坎康考柯科可克肯孔库夸奎昆拉莱赖兰"
    "朗劳勒雷蕾里利丽连列林琳隆卢鲁路露伦罗洛吕马玛迈麦曼芒毛梅门蒙米密敏明莫默姆穆慕拿娜纳乃南内妮尼年涅宁牛纽农努诺欧帕派潘庞佩"
    "彭皮平珀浦普奇齐契恰乔切钦琴丘曲让热仁日荣茹瑞若撒萨塞赛桑瑟沙莎珊山尚绍舍申生圣施什史士叔舒斯丝思苏所索塔泰坦汤唐陶特腾提廷"
    "通图托陀娃瓦万旺威维韦卫魏温文翁沃乌伍武西希锡席夏香肖谢辛欣休逊雅亚延扬耶叶伊因英尤于约泽扎詹章长召珍芝治兹卓子宗祖佐烈切"
    "罕坎森顿森尔斯喬爾羅維納馬歐蘭倫頓恩奧爾"
)
"""Characters that foreign names are written with."""

TITLES = (
    "先生|女士|小姐|太太|夫人|老师|师傅|老板|同志|同学|同学们|阿姨|叔叔|大爷|大妈|大娘|大哥|大姐|大嫂|奶奶|爷爷|婆婆|伯伯|嫂子|"
    "局长|副局长|处长|科长|主任|副主任|书记|副书记|镇长|乡长|县长|区长|市长|村长|组长|所长|院长|校长|园长|站长|队长|会长|厅长|部长|"
    "经理|总经理|总监|董事长|老总|警官|民警|交警|医生|大夫|护士|律师|法官|检察官|教授|教练|班主任|主席|总|某某|某|氏|姓"
)
PLAIN_TITLES = frozenset("先生 女士 小姐 太太 夫人 老师 师傅 老板 某某 某 老师".split())
"""Titles masked together with the surname; offices (局长) stay readable."""
TITLE = re.compile(rf"(?:{TITLES})")

CUE = re.compile(
    r"(?:我叫|我是叫|本人叫|名叫|名字叫|姓名|名字|本人|署名|落款|联系人|联络人|聯絡人|投诉人|举报人|反映人|信访人|来信人|留言人|申请人|"
    r"申报人|上访人|报告人|求助人|诉求人|当事人|受害人|被害人|原告|被告|被告人|被举报人|被投诉人|被控告人|控告人|代理人|法人|法定代表人|"
    r"负责人|经办人|户主|业主|房东|租客|老人|村民|居民|市民|职工|员工|工人|学生|家长|患者|病人|死者|伤者|司机|丈夫|妻子|老公|老婆|"
    r"儿子|女儿|父亲|母亲|爸爸|妈妈|哥哥|弟弟|姐姐|妹妹|孙子|孙女|婆婆|岳父|岳母|公公|爷爷|奶奶|外公|外婆|孩子|小孩|同事|包工头|"
    r"老板|经理|主任|书记|村长|局长|科长|所长|校长|院长|队长|组长|镇长|站长|会长|处长|民警|辅警|警官|医生|老师|护士|律师|法官|"
    r"记者|作者|导演|演员|主演|主持人|歌手|作家|画家|编剧|教授|总裁|董事长|总经理|经纪人|助理|客服|房主|店主|收款人|户名|昵称|网友|叫做|叫)"
    r"(?:同志|是|为|叫|：|:|\s|\(|（|“|\"|、){0,3}"
)
OWN_CUE = re.compile(
    r"(?:我叫|本人|我是|署名|落款|投诉人|举报人|反映人|信访人|来信人|留言人|申请人|求助人|上访人|报告人|诉求人)\W{0,3}$"
)

NOT_PERSON_AFTER = re.compile(
    r"(?:路|街|大道|巷|小区|花园|公司|集团|镇|乡|村|区|县|市|省|学校|医院|苑|园|城|湖|山|河|江|桥|站|社区|街道|中学|小学|大学|学院|派出所|"
    r"法院|银行|超市|酒店|宾馆|饭店|商场|广场|大厦|水库|码头|机场|公园|景区|工地|项目|楼盘|品牌|物业|汽车|地产|置业|建设|科技|有限|"
    r"新村|新城|国际|组|寨|坪|冲|塘|坝|岭|屯|庄|杯|奖|思想|主义|理论|精神|重要讲话|新时代|大桥|隧道|矿|厂|店|馆|寺|庙|庵|中路|东路|西路|南路|北路)"
)
KEPT = frozenset(
    "申请人 顾问 陆军 大陆 莫斯科 马德里 威尼斯 夏威夷 里昂 奥斯卡 卢浮宫 高尔夫 爱尔兰 卢森堡 荣升 荣获 欧佩克 高水 白金卡 习近平 毛泽东 邓小平 江泽民 胡锦涛 周恩来 李克强 温家宝 朱镕基 马克思 恩格斯 列宁 雷锋 焦裕禄 孔子 鲁迅 屈原 孙中山 "
    "白云 黄河 长江 平安 安康 安全 和平 和谐 康复 明白 高兴 高级 高速 高铁 高考 高中 成功 方法 方便 方案 方面 方式 许可 时间 时代 应该 "
    "常年 常住 黄金 金额 金融 文明 文件 文化 平台 平时 万元 江南 江北 华南 华北 华东 石油 石化 水平 水电 安排 安装 关心 关注 关于 "
    "阳光 连接 经济 经营 经过 解决 解释 管理 全部 全面 通知 通过 明确 国家 广大 东西 农村 农民 农业 相关 公开 公司 公安 单位 空调 "
    "车辆 家长 家庭 家人 来信 都是 古城 红色 红绿灯 包括 包工头 张贴 张开 宁愿 任何 任务 任意 施工 施行 毕业 毕竟 严重 严格 严禁 严厉 "
    "何时 何处 余额 余款 余下 徐徐 孔雀 马上 马路 马桶 牛奶 牛肉 羊肉 史上 于是 计划 计算 计生 纪委 纪律 席位 强制 强烈 强拆 强行 "
    "温度 温馨 温暖 宣传 宣称 谢谢 谢意 危险 危害 危房 路口 路面 路灯 路段 盛行 盛夏 胡乱 胡说 霍乱 万一 万分 万科 章程 章节 梅雨 林业 "
    "林地 童年 颜色 云南 云计算 苏州 范围 范本 昌盛 苗木 苗圃 花园 花费 花钱 花木 柳州 贺州 费用 罗列 汤圆 殷切 齐全 "
    "元月 元旦 顾客 顾虑 顾及 黄色 黄线 黄昏 穆斯林 尹始 戴上 谈话 谈论 宋体 茅台 熊猫 舒适 舒服 屈服 项目 祝愿 祝福 祝您 董事 董事会 "
    "梁子湖 杜绝 蓝天 蓝色 季度 季节 贾汪 江河 江边 童话 邱县 夏天 夏季 蔡甸 田地 田间 凌晨 莫名 莫名其妙 经理 房屋 房子 房价 房东 房产 "
    "解放 应急 应当 应届 丁香 单车 单元 洪水 洪涝 包含 包装 左右 左边 左转 石头 石材 石灰 吉利 吉林 程度 程序 荣誉 封闭 段时间 "
    "富裕 焦急 焦虑 巴士 牧民 山区 山上 山水 谷物 车位 车主 车间 全市 全县 全国 全省 全家 班主任 班级 仲裁 仲裁委 宫颈 甘肃 厉害 武汉 "
    "符合 景区 景观 龙头 叶片 幸福 幸好 司机 司法 印发 印章 白天 白色 白酒 怀孕 怀疑 从来 从事 从而 索赔 索要 赖账 卓越 池塘 能够 能否 双方 "
    "闻名 党员 党委 党组 劳动 劳务 申请 申报 申诉 申领 申办 扶贫 扶持 冀望 尚未 温泉 别人 别墅 庄稼 充分 充电 充值 慕名 连续 习惯 鱼塘 容易 "
    "向上 向阳 古镇 慎重 终于 终身 居民 居住 居委会 步行 步行街 都市 满意 国道 国土 国税 文书 文旅 利益 利用 利率 师生 师资 融资 简单 "
    "简直 空气 空间 曾经 沙子 沙石 养老 养殖 须知 丰富 关键 相信 查询 查处 查看 后来 后续 红线 红包 游客 游泳 权利 权益 权限 益阳 公共 公路 "
    "公务员 公积金 公示 公告 公平 公正 公交 公园 公民 公寓 原因 原来 商品房 商户 商店 商业 年底 年初 爱心 阳台 占用 占道 付款 付费 迟迟 "
    "由于 门口 门面 门禁 战友 税务 随意 随时 初中 初步 代理 代表 代办 展开 来电 位于 生活 生产 但是 原告 晋升 帅气 况且".split()
)
"""Statesmen and classics, and everyday words that begin with a surname."""

FIRST_NAMES = (
    "Abby|Adam|Alan|Albert|Alex|Alice|Allen|Amy|Andrew|Andy|Angela|Anita|Anna|Anne|Anthony|Barry|Ben|Betty|Bill|Bob|Bonnie|Brad|Brian|"
    "Carl|Carol|Cathy|Charles|Chris|Christina|Cindy|Daniel|David|Deborah|Dennis|Diana|Donald|Edward|Elaine|Elizabeth|Emily|Emma|Eric|"
    "Eva|Frank|Gary|George|Grace|Harold|Harry|Helen|Henry|Ian|Jack|Jackson|James|Jane|Jason|Jay|Jeff|Jennifer|Jerome|Jerry|Jessica|Jim|"
    "Joan|Joe|John|Johnny|Jonathan|Joseph|Julia|Karen|Kate|Kathy|Kay|Kelly|Ken|Kevin|Larry|Laura|Leo|Lily|Linda|Lisa|Louis|Lucy|Luke|Maggie|"
    "Maria|Mark|Martin|Mary|Mason|Matthew|Max|Mia|Michael|Mike|Nancy|Nick|Oliver|Patrick|Paul|Peter|Philip|Ray|Raymond|Richard|Ricky|Rob|"
    "Robert|Roger|Ron|Rose|Ryan|Sam|Sammy|Sandy|Sarah|Scott|Sean|Simon|Sophia|Stephen|Steve|Steven|Sunny|Susan|Thomas|Tim|Tina|Tom|Tommy|"
    "Tony|Victor|Vincent|Vivian|Walker|Walter|Wendy|William|Winnie|Yoyo"
)
LATIN = re.compile(
    rf"(?<![A-Za-z0-9@./_\-])(?:(?:{FIRST_NAMES})(?![a-z])(?:[ ·.]?[A-Z][a-z]{{1,15}}){{0,2}}"
    r"|[A-Z][a-z]{2,15}(?:[ ·.]?[A-Z][a-z]{1,14}){0,2})(?![A-Za-z0-9@\-])"
)
FIRST_NAME_LOWER = re.compile(
    rf"(?<![A-Za-z0-9@./_\-])(?:{FIRST_NAMES.lower()})[a-z]{{0,12}}(?![A-Za-z0-9@.\-])"
)
LATIN_WORDS = frozenset(
    "App Wifi WiFi Email Mail Tel Phone Mobile Fax Word Excel Office Windows Android Apple Google Baidu Alipay Wechat WeChat Weixin "
    "Java Linux Web Website Online Internet Bluetooth Type Plus Pro Max Mini Hotel Mall Park Center Centre City China Chinese Beijing "
    "Shanghai Home House Club Bank Card Visa Master Logo Bug Demo Ok Yes Not The And You This That Dear Hello Thanks Sir Madam Mr Mrs "
    "Miss Dr Prof January February March April May June July August September October November December Monday Tuesday Wednesday "
    "Thursday Friday Saturday Sunday Http Https Www Com Net Org Id Qq Msn Blog Twitter Facebook Youtube Line Skype".split()
)
"""Latin words that name nobody."""
DOTTED = re.compile(r"[\u4e00-\u9fff]{1,7}(?:[·•・●‧∙][\u4e00-\u9fffA-Za-z]{1,8}){1,4}")
LATIN_BESIDE = re.compile(r"(?<=[\u4e00-\u9fff][(])[A-Za-z][A-Za-z .·]{4,40}(?=[)])")
HAN = re.compile(r"[\u4e00-\u9fff]+")

NAME_TAGS = frozenset({"nr", "nrt", "nrfg"})
GIVEN_TAGS = NAME_TAGS | frozenset("n ns nz ng a ag an zg z d v vn i j g x b t tg f s vg l nrj".split())
"""Parts of speech that a given name is cut into when the segmenter does not know it."""

PROPER_TAGS = frozenset("nr nrt nrfg ns nz z t zg vn d".split())
LOOSE_TAGS = frozenset("zg o g ng ag x nr nz ns z d v n a".split())
LONGEST_GIVEN = 2


def names(folded: Folded, words: Sequence[Word]) -> Iterator[Found]:
    """The spans of the folded text that name a person."""
    text = _Text(folded.plain, words)
    for rule in (_cued, _titled, _nicknamed, _tagged, _joined, _foreign, _dotted, _latin):
        yield from rule(text)


def is_own_name(folded: Folded, found: Found) -> bool:
    """Whether the writer names themself; anybody else is a third person."""
    return OWN_CUE.search(folded.plain[max(0, found.start - 8) : found.start]) is not None


def surname_of(text: str) -> str:
    """The surname ``text`` begins with, compound ones first; empty if none."""
    if text[:2] in COMPOUND_SURNAMES:
        return text[:2]
    return text[0] if text and text[0] in SURNAMES else ""


class _Text:
    """A folded text with its words, and where words begin."""

    def __init__(self, plain: str, words: Sequence[Word]) -> None:
        self.plain = plain
        self.words = words
        self.at = {word.start: number for number, word in enumerate(words)}
        self.ends = {word.end for word in words}

    def starts_word(self, position: int) -> bool:
        return position in self.at

    def ends_word(self, position: int) -> bool:
        return position in self.ends


def _is_full_name(text: str) -> bool:
    """Surname and a given name of one or two characters, none of which is a particle."""
    surname = surname_of(text)
    given = text[len(surname) :]
    return (
        bool(surname)
        and 0 < len(given) <= LONGEST_GIVEN
        and text not in KEPT
        and not any(character in NOT_GIVEN for character in given)
    )


def _is_likely_name(text: str) -> bool:
    """A full name whose given part is made of characters that given names are made of."""
    return _is_full_name(text) and all(character in GIVEN for character in text[len(surname_of(text)) :])


def _cued(text: _Text) -> Iterator[Found]:
    """After 我叫, 联系人：, 记者 …: the name that stands there, and those listed behind it."""
    for cue in CUE.finditer(text.plain):
        at = cue.end()
        sure = any(mark in cue[0] for mark in ":：") or cue[0].startswith(SURE_CUES)
        while (end := _name_end(text, at, sure=sure)) > at:
            yield Found(at, end, Kind.NAME, "姓名提示词")
            listed = re.compile(r"[、，, ]{1,2}").match(text.plain, end)
            if listed is None or not sure:
                break
            at = listed.end()


SURE_CUES = (
    "我叫",
    "本人叫",
    "名叫",
    "名字叫",
    "姓名",
    "联系人",
    "投诉人",
    "举报人",
    "反映人",
    "信访人",
    "署名",
    "落款",
)


def _name_end(text: _Text, at: int, *, sure: bool) -> int:
    """Where the name that begins at ``at`` ends; ``at`` itself when none begins there."""
    run = HAN.match(text.plain, at, at + 5)
    if run is None or NOT_PERSON_AFTER.match(text.plain, at + 1, at + 3) and not sure:
        return at
    written = run[0]
    longest = len(surname_of(written)) + LONGEST_GIVEN
    if len(written) <= longest and _is_full_name(written) and (sure or _is_likely_name(written)):
        return run.end()
    for length in range(longest, 1, -1):
        end = at + length
        candidate = text.plain[at:end]
        if text.ends_word(end) and _is_likely_name(candidate) and not NOT_PERSON_AFTER.match(text.plain, end):
            return end
    return at


def _titled(text: _Text) -> Iterator[Found]:
    """Before 先生, 主任, 某 …: the surname, or the whole name."""
    for title in TITLE.finditer(text.plain):
        start = _titled_start(text, title.start())
        if start < title.start():
            end = title.end() if title[0] in PLAIN_TITLES else title.start()
            yield Found(start, end, Kind.NAME, "称呼")


def _titled_start(text: _Text, end: int) -> int:
    """Where the name before a title begins; ``end`` itself when there is none."""
    for length in (3, 2, 4):
        start = end - length
        candidate = text.plain[max(0, start) : end]
        if start >= 0 and text.starts_word(start) and len(candidate) == length and _is_likely_name(candidate):
            return start
    for length in (2, 1):
        start = end - length
        candidate = text.plain[max(0, start) : end]
        is_surname = candidate in COMPOUND_SURNAMES or candidate in COMMON_SURNAMES
        if start >= 0 and is_surname and text.starts_word(start):
            return start
    return end


def _nicknamed(text: _Text) -> Iterator[Found]:
    """老王, 小李: a word of its own."""
    for match in NICKNAME.finditer(text.plain):
        if text.starts_word(match.start()) and text.ends_word(match.end()) and match[0] not in NOT_NICKNAMES:
            yield Found(match.start(), match.end(), Kind.NAME, "称呼")


NICKNAME = re.compile(f"[老小阿大][{''.join(sorted(COMMON_SURNAMES))}]")
NOT_NICKNAMES = frozenset(
    "小康 小江 小金 小雷 小石 大江 大石 大雷 大方 大唐 大武 大同 大夏 大金 老龙 大龙 小龙 小熊 大熊 小牛 大牛 老牛 "
    "大钱 小钱 老钱 大安 小樊 大毛 小毛 大洪 小段 大段 大叶 小叶 大余 小余 大任 小田 大田 大汤 小汤 大段 小房 大房 老房 "
    "小温 大易 大常 大史 大齐 大季".split()
)


def _tagged(text: _Text) -> Iterator[Found]:
    """Words that are a name by part of speech or make-up, with the character that was cut off."""
    for number, word in enumerate(text.words):
        if len(word.text) < 2 or word.text in KEPT or NOT_PERSON_AFTER.match(text.plain, word.end):
            continue
        end = _believed_end(text, number)
        if end > word.start:
            yield Found(word.start, end, Kind.NAME, "词性与姓氏")


def _believed_end(text: _Text, number: int) -> int:
    """Where the name made of this word (and the next character) ends; its start when it is none."""
    word = text.words[number]
    if word.tag in NAME_TAGS and _is_full_name(word.text) and _is_name_word(word):
        return _with_cut_character(text, number)
    if not word.is_known and word.text[0] in PURE_SURNAMES and _is_full_name(word.text):
        return word.end - (word.text[-1] in NEVER_LAST and len(word.text) > 2)
    if not word.is_known and word.text[0] in COMMON_SURNAMES and len(word.text) <= 4:
        end = min(word.end, word.start + len(surname_of(word.text)) + LONGEST_GIVEN)
        while end - word.start > 1 and text.plain[end - 1] not in GIVEN:
            end -= 1  # 于海案, 杨某说: the segmenter took the next word along
        return end if _is_likely_name(text.plain[word.start : end]) else word.start
    is_guessed = word.tag == "nr" and not word.is_known and len(word.text) <= 3
    return word.end if is_guessed or word.tag == "nrt" else word.start


def _is_name_word(word: Word) -> bool:
    """Two characters of a rare surname are more often an ordinary word."""
    return len(word.text) > 2 or surname_of(word.text) in COMMON_SURNAMES


def _with_cut_character(text: _Text, number: int) -> int:
    """The end of a two-character name, or of the next word when that is the rest of its given name."""
    word = text.words[number]
    following = text.words[number + 1] if number + 1 < len(text.words) else None
    if following is None or len(word.text) != 2 or len(following.text) != 1:
        return word.end
    is_likely = following.tag in GIVEN_TAGS and _is_likely_name(word.text + following.text)
    is_loose = not word.is_known and following.tag in LOOSE_TAGS and _is_full_name(word.text + following.text)
    is_rest = is_likely or (is_loose and HAN.match(following.text) and following.text not in NEVER_LAST)
    return following.end if is_rest else word.end


def _foreign(text: _Text) -> Iterator[Found]:
    """Neighbouring words written in the characters of foreign names: 阿德|里亚诺, 汤姆·克兰西."""
    run: list[Word] = []
    for word in (*text.words, END_OF_TEXT):
        if _sounds_foreign(word) or (run and word.text in JOINTS):
            run.append(word)
            continue
        while run and run[-1].text in JOINTS:
            run.pop()
        if _is_foreign_name(run) and text.plain[run[0].start : run[-1].end] not in KEPT:
            yield Found(run[0].start, run[-1].end, Kind.NAME, "译名")
        run = []


END_OF_TEXT = Word(0, 0, "", "", True)
JOINTS = frozenset("·•・●‧∙-—.")


def _sounds_foreign(word: Word) -> bool:
    is_odd = not word.is_known or word.tag in NAME_TAGS or len(word.text) == 1
    return bool(word.text) and is_odd and all(character in SOUNDS for character in word.text)


def _is_foreign_name(run: Sequence[Word]) -> bool:
    """Three characters or more, with a word among them that is a name or that no dictionary holds."""
    length = sum(len(word.text) for word in run)
    is_named = any(word.tag in NAME_TAGS or not word.is_known for word in run)
    is_transcribed = any(word.tag == "nrt" for word in run)
    return is_named and (length >= 3 or (length == 2 and is_transcribed))


def _joined(text: _Text) -> Iterator[Found]:
    """A surname that stands alone and the words after it: 王|传真, 沈|美|成, 欧阳|卫民."""
    for number, word in enumerate(text.words[:-1]):
        if word.text not in COMPOUND_SURNAMES and (len(word.text) > 1 or word.text not in SURNAMES):
            continue
        end = _joined_end(text, number, is_sure=word.tag in NAME_TAGS or word.text in COMMON_SURNAMES)
        if end > word.end and not NOT_PERSON_AFTER.match(text.plain, end):
            yield Found(word.start, end, Kind.NAME, "姓氏")


def _joined_end(text: _Text, number: int, *, is_sure: bool) -> int:
    """The end of surname and given name; the surname's own end when no given name follows."""
    surname = text.words[number]
    before = text.words[number - 1] if number else END_OF_TEXT
    is_pure = surname.text in PURE_SURNAMES and before.tag not in {"m", "mq"} and before.text != "姓"
    end = surname.end
    for word in text.words[number + 1 : number + 3]:
        name = text.plain[surname.start : word.end]
        is_odd = _is_full_name(name) and (not word.is_known or (is_pure and word.tag in PROPER_TAGS))
        if (
            HAN.fullmatch(word.text) is None
            or word.tag not in GIVEN_TAGS
            or not (is_odd or _is_likely_name(name))
        ):
            break
        end = word.end
    is_closed = end == len(text.plain) or HAN.match(text.plain, end) is None
    return end if is_sure or is_closed else surname.end


def _dotted(text: _Text) -> Iterator[Found]:
    """买买提·艾力, 约翰·史密斯: joined by a middle dot."""
    for match in DOTTED.finditer(text.plain):
        first = re.split(r"[·•・●‧∙]", match[0])[0]
        sounds = next((i for i in range(len(first)) if all(c in SOUNDS for c in first[i:])), None)
        start = match.start() + (sounds or 0)
        if sounds is not None or text.starts_word(start):
            yield Found(start, match.end(), Kind.NAME, "间隔号姓名")


def _latin(text: _Text) -> Iterator[Found]:
    """John Smith, Nancy, and the Latin spelling in brackets behind a name."""
    for pattern in (LATIN, LATIN_BESIDE, FIRST_NAME_LOWER):
        for match in pattern.finditer(text.plain):
            if match[0] not in LATIN_WORDS:
                yield Found(match.start(), match.end(), Kind.NAME, "外文姓名")

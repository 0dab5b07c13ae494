"""Which characters and words are names made of, and which only look so? Lists from general knowledge.

No list is complete: the rules take them as hints, and a person confirms.
"""


def listed(text: str) -> frozenset[str]:
    """The words of a list written with blanks between them."""
    return frozenset(text.split())


SURNAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎"
    "鲁韦昌马苗凤花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄"
    "和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭"
    "梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣贲邓郁单杭洪包诸左石崔吉钮龚"
    "程嵇邢滑裴陆荣翁荀羊惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁"
    "仇栾暴甘钭厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘"
    "党翟谭贡朴劳逄姬申扶堵冉宰郦雍郤璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向"
    "古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾"
    "毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公佟肖覃闫岳苟仝涂代展揭谌来位操生但原苑冼宾晋楚滇帅"
    "缑亢况郈琴商牟佘佴伯赏墨哈谯笪年爱阳粟占付瓮鄢芦隋岩区丛战税随郇撒迟逢初由檀亓仉鹿门邝兰冲"
)
"""Surnames of one character: 百家姓 and the commonest of today. Traditional forms are folded before."""

COMPOUND_SURNAMES = listed(
    "歐陽 太史 端木 上官 司马 東方 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 "
    "濮阳 公冶 太叔 申屠 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 令狐 轩辕 亓官 夹谷 拓跋 呼延 "
    "南门 纳兰 百里 东郭 西门 公西 叶赫 完颜 爱新 公孙 欧阳 第五 那拉"
)
"""Surnames of two characters."""

COMMON_SURNAMES = frozenset(
    "方鲍祁葛骆滕饶霍褚邬瞿娄柴凌项童章敖舒甄卜阚佘窦晏谌缪戚屠郜巫冼邝嵇文盛桂关"
    "赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦尤许何吕施张孔曹严金魏陶姜谢邹章苏潘葛范彭鲁韦马俞任袁柳史唐薛雷"
    "贺倪汤殷罗毕郝安常于傅康伍余顾孟黄萧尹姚邵汪毛戴宋庞熊纪祝董梁杜阮季贾江颜郭林钟徐邱高夏蔡田樊胡"
    "柯卢莫丁邓洪石崔龚程邢裴陆靳段焦侯武刘詹龙叶黎赖卓乔翟谭申冉牛温阎易廖耿文欧聂曾关佟肖覃闫岳涂"
    "苑牟付芦华"
)
"""Surnames that most people bear."""

AMBIGUOUS_SURNAMES = frozenset(
    "方章项童文盛桂舒关钱严金马任史雷贺汤安常康余黄熊江林钟高夏田石段武龙叶牛温易曾付"
)
"""Common surnames that are everyday words as well."""

EVERYDAY_SURNAMES = frozenset(
    "车家门房查单公全国都对相应向从和于后年来能养爱干通由路水花生师位区商税战操但原初时支管解用空满步须沙"
    "随利阳古容居习连充简关冷印封索咸占有多方便经付"
)
"""Surnames, mostly rare, that letters use as everyday words; they prove nothing without a cue."""

GIVEN = frozenset(
    "周卫蒋韩杨秦许施华金陶柏水章云苏范郎鲁韦昌苗凤花方袁史廉薛雷贺安常时齐康元孟平和穆邵湛禹米贝明计"
    "成熊纪舒项梁蓝季强路江童颜郭梅盛林钟高夏田樊虞万柯经解应宗宣郁杭洪左石吉程陆荣惠家松富弓牧山谷车"
    "全秋仲宁甘祖武景龙叶司韶黎怀蒲卓蔺蒙池胥能双闻莘翟贡劳申桑桂牛寿通燕浦尚温庄晏慕连艾鱼容易慎戈衡"
    "步都满弘国文广禄阙东利蔚越隆辛那简饶沙须相红游权益桓肖岳展来操生晋楚帅琴伯墨年爱阳岩逢初檀门罗兰"
    "宾端木官南人尉甫叔长宇鲜轩辕拓延百里西新伟芳娜敏肇璘玟寓梵曝枚釉楂炀垒谞昉铿镫兆泥粱诺孝静丽磊军"
    "洋勇艳杰娟涛超秀霞刚英玉建志海波浩鹏飞辉玲莉婷雪琳颖慧晶洁倩佳怡欣雅琪瑶璐蕾薇春冬森川河清源泉峰"
    "峻岭北中福喜庆祥瑞贵兴旺发达财宝功胜立业永久远光亮星月晨曦旭昊天宏伦俊豪雄彬斌威毅健民谐顺义礼智"
    "信忠仁德厚道善良友心思念忆学书翰诗词画棋艺才子梓涵然一妍雨泽睿晗悦彤萱钰瑾瑜琦珊珍珠翠碧青紫丹彩"
    "虹霄汉卿臣辰炎炳焕焱烨灿煜熙煌铭铮锋锐钢铁鑫锦钧钦银铜正直圆大小少老旧开启继承传统绍先进前千朋本"
    "根培植树芝芬芸莲菊蓉荷莹莎菲蓓蕊茜萍芹香芯蔓贤淑贞娴婉媛嫣婧娇媚妮姗娥姝妹姐婵冰凝露霖霏雯震霆电"
    "风岚嵩崇嵘巍城坤地垚壮奇奎奕如妙定宜宪寒尧就帆帝幼庭弟彦彪影征得微徽必恒恩恬悟惟愉意感慈懿抒振捷"
    "授推教敬斯旋日旦昀昂昆昕映昭显晓晖晴暄曙朔朗望朝杉材枫柔栋栩桐楠榆槐樱歌毓汀沁沛沫治泓津洲浪涌润"
    "淇淳渊渝湘滢滨漫漪潇潮澄澜濠瀚灵炫炯烈焰煊照熹爽特献玄玖玥玮环现玺珂珉珏珑珩球理琅琛琨瑄瑗璇璋璟"
    "瓒用男界畅略皓盈真眉知研硕祎祺禾秉科稳穗竹笑笛筠箫剑颐焯谆霹雳凡谊鸾琰琮瑭瑢睦鋆钊镭锟铠铄劼勖勰"
    "勃骅骐骥鲲鹂鹰麓黛熠燚焜煦熔燿炆烽焓昶晟晔晞𬀩暾曜桢棣棠榛樾橙橹檬沣泾浛浚涟淞淼渤溢滟潍澍濡瀛灏"
    "玎玑玢珣珥琎琏琤瑷璨祯祚禧稷竣笙筝绎绮绶缙羲翀翊翎翙聿舜芊芙苡茉莜菡葵蕙薏藤蘅虔谙谟谧赟轼逍遇郴"
    "鄞酩铖锘阑陌霓靓颀颉飏馗骞髦魁麾精素纯纲结维绪绵缘羽群翔耀耘联聪育腾自至致节若苹茂茵荃菁萌蕴薪虎"
    "行衍裕言誉诚语谋谦谨跃轶辅迅运迪逊逸遥邦重野量鉴阅际雁靖非韵音颂飒首馨骁骏鸣鸿鹃鹤麒麟龄勤劲力加"
    "助劭动励勋化升及可同名君品哲唯喆嘉器圣均坚垣基堂增士壬夫央宙宸密屹巧己布希并序廷异弦归彰律总恺悌"
    "情慷打报抗拔拥持挺斐旗既普曼有服未术杏极果柱标格桃检椿榕欢殿氏汝沂沅沐泊法泰洛济浙涓深溪滔潭焘燊"
    "爵珮琬瑛琼璞甜畴登皎盟眷禛竞笃筱粤纹纵织细绿美翼耕聚胤臻舟航芷苇苓藏蝶裳觉训识豆质赐赛起趣跻迎述"
    "酉铃铎铨锴镇镕闯闽霁鞍韬频题额飘馥驰驹骄鳌麦默鼎䶮籽桉赞纬肃膺芃茗荔莞萃葆葳蒨蓁嫚孜嫦婕妤妘垠埔"
    "埕塘墉梦奂克京兵凌冲"
)
"""Characters often used in given names; written down from general knowledge."""

NEVER_LAST = frozenset(
    "于和家从能向都曾后来人中前就及可并有说是在的等也又将与对为让被把给以或称则即却还再已很最更不没会"
    "要想去到过着了吗呢吧啊案组队版姓按"
)
"""Single characters that follow a name and are not part of it."""

NOT_GIVEN = frozenset(
    "和从向都那就及有说是在的等也与让被把给或不没会要去到过着了吗呢吧啊这我你他她它们其该此每各某么"
)
"""Characters that end a name: particles, pronouns, verbs of everyday."""

SOUNDS = frozenset(
    "摩莉茱妮诗柏蓓黛芭碧琼娅洁祺茜薇芙璐妲蒂茵洛雯缇瑟丽埔姬戛赫圣胥帝蕾隆鲍悉惕廷蓬耿汀汶蜜佐顿冯卫尤吕施孔华金魏陶谢章苏潘葛范彭鲁韦昌马方鲍史唐费雷汤罗毕安于皮齐康伍卜平穆毛狄米贝明戴庞舒杜"
    "席贾路江郭梅林高夏胡霍万柯卢莫宗丁邓洪吉荣翁惠曲富乌巴山班伊宁甘祖武詹叶白怀索赖卓蒙乔贡劳申桑牛"
    "通浦尚农温慕连茹艾古戈文东欧沃利隆辛沙丰查盖肖生宾楚琴伯哈年爱撒门兰木南赫台叔长丘延纳里西拉娜敏"
    "诺丽杰英海波琳欣雅蕾森福瑞旺达久伦豪威仁德道思翰子泽珊珍珠丹汉钦大开绍本根芝芬莎菲香妮露奇奎恩慈"
    "斯日昂昆朗治津烈特科勃维腾若迪逊邦力加及可嘉圣基士夫央密布希廷普曼格法泰洛登赛麦默孜让则约阿埃奥"
    "保堡比彼博采察茨当蒂顿多厄尔伐佛弗哥瓜圭亨京喀卡凯坎考克肯库夸莱勒列玛迈芒姆拿乃内尼涅纽努帕派佩"
    "珀契恰切热萨塞瑟舍什丝所塔坦提图托陀娃瓦锡休亚扬耶因扎召兹佐罕买依汗拜合吐次堆措"
)
"""Characters that foreign and minority names are written with."""

NOT_PERSONS = listed(
    "令狐 孙女 通知书 仲裁庭 弥勒佛 任然 林立 钱财 铁建 居民楼 令人 关怀 芥蒂 明白人 安全法 雷同 公道 "
    "高三 高一 高二 高速路 天王 二人 换人 拜托 当人 路人 都知道 关糸 于次日 古远 申请人 顾问 陆军 "
    "大陆 莫斯科 马德里 威尼斯 夏威夷 里昂 奥斯卡 卢浮宫 高尔夫 爱尔兰 卢森堡 荣升 荣获 欧佩克 高水 "
    "白金卡 习近平 毛泽东 邓小平 江泽民 胡锦涛 周恩来 李克强 温家宝 朱镕基 马克思 恩格斯 列宁 雷锋 "
    "焦裕禄 孔子 屈原 孙中山 黄河 长江 平安 安康 安全 和平 和谐 康复 明白 高兴 高级 高速 高铁 高考 "
    "高中 成功 方法 方便 方案 方面 方式 许可 时间 时代 应该 常住 黄金 金额 金融 文明 文件 文化 平台 "
    "平时 万元 江南 江北 华南 华北 华东 石油 石化 水平 水电 安排 安装 关心 关注 关于 连接 经济 经营 "
    "经过 解决 解释 管理 全部 全面 通知 通过 明确 国家 广大 东西 农村 农民 农业 相关 公开 公司 公安 "
    "单位 空调 家长 家庭 家人 来信 都是 古城 红色 红绿灯 包括 包工头 张贴 张开 宁愿 任何 任务 任意 "
    "施工 施行 毕业 毕竟 严重 严格 严禁 严厉 何处 余额 余款 余下 徐徐 孔雀 马上 马路 马桶 牛奶 牛肉 "
    "羊肉 史上 于是 计划 计算 计生 纪委 纪律 席位 强制 强烈 强拆 强行 温馨 温暖 宣传 宣称 谢谢 谢意 "
    "危险 危害 危房 路口 路面 路灯 路段 盛行 盛夏 胡乱 胡说 霍乱 万一 万分 万科 章程 章节 梅雨 林业 "
    "童年 颜色 云南 云计算 苏州 范围 范本 昌盛 苗木 苗圃 花园 花费 花钱 花木 柳州 贺州 费用 罗列 汤圆 "
    "殷切 齐全 元旦 顾客 顾虑 顾及 黄色 黄线 黄昏 穆斯林 尹始 戴上 谈话 谈论 宋体 茅台 熊猫 舒适 舒服 "
    "屈服 项目 祝愿 祝福 祝您 董事 董事会 杜绝 蓝天 蓝色 季度 季节 贾汪 江河 江边 童话 邱县 夏天 夏季 "
    "蔡甸 田地 田间 凌晨 莫名 莫名其妙 经理 房屋 房子 房价 房东 房产 应急 应当 应届 丁香 单车 单元 "
    "洪水 洪涝 包含 包装 左右 左边 左转 石头 石材 石灰 吉利 吉林 程度 程序 荣誉 封闭 段时间 焦急 焦虑 "
    "巴士 牧民 山区 山上 山水 谷物 车位 车主 车间 全市 全县 全国 全省 全家 班主任 班级 仲裁 仲裁委 "
    "宫颈 甘肃 厉害 武汉 景区 景观 龙头 叶片 幸福 幸好 司机 司法 印发 印章 白天 白色 白酒 怀孕 怀疑 "
    "从来 从事 从而 索赔 索要 赖账 卓越 池塘 能够 能否 双方 党员 党委 党组 劳动 劳务 申请 申报 申诉 "
    "申领 申办 扶贫 扶持 冀望 尚未 温泉 别人 别墅 庄稼 充分 充电 充值 慕名 连续 习惯 鱼塘 容易 向阳 "
    "古镇 慎重 终于 终身 居民 居住 居委会 步行 步行街 都市 满意 国道 国土 国税 文书 文旅 利益 利用 "
    "利率 师生 师资 融资 简单 空气 空间 曾经 沙子 沙石 养老 养殖 须知 丰富 关键 相信 查询 查处 查看 "
    "后来 后续 红线 红包 游客 游泳 权利 权益 权限 益阳 公共 公路 公积金 公示 公告 公平 公正 公交 公园 "
    "公民 公寓 原因 原来 商品房 商户 商店 商业 年底 年初 爱心 阳台 占用 占道 付款 付费 迟迟 门口 门面 "
    "门禁 战友 税务 随意 随时 初中 初步 代理 代表 代办 展开 来电 位于 生活 生产 但是 原告 晋升 帅气 "
    "何时 元月 公务员 况且 向上 孙子 富裕 常年 林地 梁子湖 温度 由于 白云 符合 简直 解放 车辆 闻名 "
    "阳光 盖章 井盖"
)
"""Statesmen, classics, places and everyday words that look like a name."""

CLUBS_AND_PLACES = listed(
    "切尔西 阿森纳 曼联 曼城 利物浦 热刺 埃弗顿 维拉 纽卡斯尔 富勒姆 博尔顿 布莱克本 桑德兰 伯明翰 "
    "西汉姆 朴茨茅斯 米德尔斯堡 "
    "维冈 赫尔城 狼队 斯托克 诺维奇 莱斯特 皇马 巴萨 马竞 瓦伦西亚 塞维利亚 比利亚雷亚尔 马拉加 "
    "毕尔巴鄂 马洛卡 奥萨苏纳 希洪 "
    "桑坦德 皇家社会 国米 米兰 尤文 尤文图斯 罗马 拉齐奥 那不勒斯 佛罗伦萨 帕尔马 热那亚 桑普多利亚 "
    "乌迪内斯 卡利亚里 莱切 切沃 "
    "锡耶纳 巴里 布雷西亚 卡塔尼亚 巴勒莫 亚特兰大 博洛尼亚 都灵 拜仁 多特蒙德 沙尔克 勒沃库森 不莱梅 "
    "汉堡 斯图加特 沃尔夫斯堡 "
    "科隆 门兴 法兰克福 汉诺威 霍芬海姆 美因茨 里昂 马赛 里尔 波尔多 摩纳哥 巴黎 雷恩 图卢兹 圣埃蒂安 "
    "阿贾克斯 费耶诺德 埃因霍温 "
    "鹿特丹 波尔图 本菲卡 里斯本 费内巴切 加拉塔萨雷 凯尔特人 流浪者 矿工 泽尼特 莫斯科 基辅 "
    "安德莱赫特 巴塞尔 湖人 火箭 热火 "
    "马刺 小牛 国王 公牛 尼克斯 爵士 太阳 掘金 开拓者 活塞 步行者 雄鹿 凯尔特人 西班牙 葡萄牙 意大利 "
    "德国 法国 英格兰 荷兰 "
    "比利时 瑞典 挪威 丹麦 芬兰 波兰 捷克 奥地利 瑞士 希腊 土耳其 俄罗斯 乌克兰 克罗地亚 塞尔维亚 "
    "罗马尼亚 保加利亚 匈牙利 "
    "巴西 阿根廷 乌拉圭 智利 墨西哥 哥伦比亚 加拿大 古巴 日本 韩国 朝鲜 印度 伊朗 伊拉克 沙特 卡塔尔 "
    "泰国 越南 新加坡 印尼 "
    "澳大利亚 新西兰 埃及 南非 尼日利亚 加纳 喀麦隆 科特迪瓦 伦敦 柏林 马德里 纽约 华盛顿 东京 首尔 "
    "曼谷 加州 好莱坞 迪拜 "
    "苹果 谷歌 微软 诺基亚 三星 索尼 松下 丰田 本田 奥迪 宝马 奔驰 福特 沃尔玛 家乐福 麦当劳 肯德基 "
    "星巴克 可口可乐 耐克 阿迪达斯 "
    "路透社 彭博 高盛 摩根 花旗 汇丰 渣打 任天堂 暴雪 万达 万科 恒大 保利 绿地 碧桂园 融创 华润 中粮 "
    "阿里巴巴 腾讯 百度 京东 "
    "网易 搜狐 新浪 小米 华为 联想 海尔 格力 美的 三国 水浒 红楼 西游 史诗 王朝 传奇 女王 公主 天使 "
    "恶魔 精灵 矮人 联盟 部落"
)
"""Clubs, countries, cities, firms and titles that sound like a person; from general knowledge."""

NOT_NICKNAMES = listed(
    "小江 小金 小雷 小石 大江 大石 大雷 大方 大唐 大武 大同 大夏 大金 老龙 大龙 小龙 小熊 大熊 小牛 "
    "大牛 老牛 小钱 老钱 大安 小樊 大毛 小毛 大洪 小段 大段 大叶 小叶 大余 小余 大任 小田 大田 大汤 "
    "小汤 小房 大房 老房 大易 大常 大史 大齐 大季 大钱 小康 小温"
)
"""老 and 小 with a surname that are words of their own."""

THING_ENDINGS = frozenset(
    "费路房山车班党区河岭书庭科群法镇塘会组队姓佛卡所局处乡县市村院校站厅部款办店网街省湖桥楼冲坝厂级线证室号"
)
"""A word that ends so is an office or a thing, whatever the segmenter guesses."""

LATIN_WORDS = listed(
    "Wifi WiFi Email Mail Tel Phone Mobile Fax Word Excel Office Windows Android Apple Google Baidu "
    "Alipay Wechat WeChat Weixin Linux Web Website Online Internet Bluetooth Type Plus Pro Max Mini "
    "Hotel Mall Park Center Centre City China Chinese Beijing Home House Club Bank Card Visa Master Logo "
    "Bug Demo Ok Yes Not The And You This That Dear Hello Thanks Sir Madam Mr Mrs Dr Prof January "
    "February March April May June July August September October November December Monday Tuesday "
    "Wednesday Friday Saturday Sunday Http Https Www Com Net Org Id Qq Msn Blog Twitter Facebook Youtube "
    "Line App Java Miss Shanghai Skype Thursday Steam Dota Xbox PlayStation Wii Nintendo Sony Microsoft "
    "Intel Samsung Nokia Blizzard Valve Game Games Gaming Play Player Players Team Star Stars World War "
    "Craft Live Show News Today Time Times Life Love Music Movie Film Video Photo Design Studio Fashion "
    "Style Art Arts Book Books School College University Institute Company Group Ltd Inc Corp "
    "International Global National Credit Gold Platinum Diamond Royal Grand Super Mega Ultra Best Top "
    "New Old Big Small Black White Red Blue Green Silver First Last Final Cup League Football Basketball "
    "Champion Open Tour Travel Resort Spa Beach Island Sea Lake River Mountain Garden Tower Plaza Square "
    "Street Road Avenue North South East West Upper Lower In On At Of For With From To By As Is Are Was "
    "Be It He She We They My Your His Her Our Their All Any Some No One Two Three Day Night Week Month "
    "Year Data System Software Server Client Version Update Download Upload Login Password Account User "
    "Admin Manager Service Support Contact Address Room Floor Car Bus Taxi Metro Train Air Airport "
    "Flight Party Dance Band Rock Jazz Pop Rap Idol Fans Fan Cosplay Original Sound Track Album Single "
    "Vol Part Chapter Season Episode Trailer Teaser Beta Alpha Release Patch Mode Level Boss Quest Hero "
    "Legend Legends Dragon Dark Light Fire Ice Storm Shadow Blood Soul Magic Sword Knight Lord Prince "
    "Princess Queen Empire Kingdom Age Ages Battle Fight Hunter Killer Racing Drive Need Speed Fast "
    "Weibo Sina Sohu Tencent Taobao Douban Tudou Youku Flash Python Iphone Ipad Ipod Mac Ios Gps Usb Led "
    "Lcd Cpu Gpu Ram Dvd Cd Tv Mv Vip Ceo Cfo Cto Coo Gdp Cpi Ipo Etf Usd Eur Rmb Cctv Btv Nba Cba Wcg "
    "Esl Oled Hi Bye Please Sorry Welcome Happy Good Great Nice Cool Hot Sale Shop Store Market Food "
    "Coffee Tea Bar Restaurant Html Ppt Pdf Doc Xls Jpg Png Gif Mp3 Mp4 Rmvb Avi"
)
"""Latin words that name nobody."""

FIRST_NAMES = (
    "Abby|Adam|Alan|Albert|Alex|Alice|Allen|Amy|Andrew|Andy|Angela|Anita|Anna|Anne|Anthony|Barry|Ben|"
    "Betty|Bill|Bob|Bonnie|Brad|Brian|Carl|Carol|Cathy|Charles|Chris|Christina|Cindy|Daniel|David|"
    "Deborah|Dennis|Diana|Donald|Edward|Elaine|Elizabeth|Emily|Emma|Eric|Eva|Frank|Gary|George|Grace|"
    "Harold|Harry|Helen|Henry|Ian|Jack|Jackson|James|Jane|Jason|Jay|Jeff|Jennifer|Jerome|Jerry|"
    "Jessica|Jim|Joan|Joe|John|Johnny|Jonathan|Joseph|Julia|Karen|Kate|Kathy|Kay|Kelly|Ken|Kevin|"
    "Larry|Laura|Leo|Lily|Linda|Lisa|Louis|Lucy|Luke|Maggie|Maria|Mark|Martin|Mary|Mason|Matthew|Max|"
    "Mia|Michael|Mike|Nancy|Nick|Oliver|Patrick|Paul|Peter|Philip|Ray|Raymond|Richard|Ricky|Rob|"
    "Robert|Roger|Ron|Rose|Ryan|Sam|Sammy|Sandy|Sarah|Scott|Sean|Simon|Sophia|Stephen|Steve|Steven|"
    "Sunny|Susan|Thomas|Tim|Tina|Tom|Tommy|Tony|Victor|Vincent|Vivian|Walker|Walter|Wendy|William|"
    "Winnie|Yoyo"
)
"""Latin first names."""

ORDINARY_PLACES = listed(
    "售楼处 坎坷路 明路 电子城 书城 球馆 会展中心 综合楼 度假村 工业园 产业园 "
    "科技园 办公楼 教学楼 宿舍楼 居民楼 家属楼 住宅楼 街道 里 弄 湾 堡 冲 坪 "
    "商城 超市 酒店 宾馆 网吧 饭店 商场 半岛 山水 水岸 新城 公路 马路 铁路 "
    "走路 线路 思路 出路 一路 后路 大路 小路 路 道 街 巷 村 街道办 大街 大道 巷道 巷子 街巷 国道 省道 "
    "县道 高速 高速路 人行道 车道 隧道 通道 渠道 管道 频道 知道 报道 轨道 跑道 坡道 便道 匝道 河道 "
    "水道 味道 公道 说道 难道 快车道 慢车道 机动车道 盲道 消防通道 步行街 商业街 一条街 过道 楼道 "
    "主干道 次干道 干道 辅道 街面 逛街 上街 沿街 临街 当街 扫街 全村 本村 我村 该村 各村 乡村 新村 "
    "行政村 自然村 城中村 贫困村 村村 新农村 同村 邻村 外村 两村 山村 小村 进村 出村 驻村 下村 回村 "
    "庄 村庄 小区 本小区 我小区 各小区 老旧小区 住宅小区 新建小区 花园 公寓 大厦 广场 家园 别墅 大楼 "
    "大院 宿舍 市场 农贸市场 菜市场 房地产市场 人才市场 劳动力市场 楼盘 新楼盘 写字楼 里面 这里 那里 "
    "哪里 家里 村里 市里 县里 区里 镇里 心里 手里 夜里 公里 万里 嘴里 屋里 城里 乡里 厂里 校里 院里 "
    "店里 车里 水里 地里 眼里 局里 省里 社里 队里 组里 单位里 小区里 经营 运营 国营 私营 民营 兵营 "
    "军营 寨 平坪 塘 水泥路 柏油路 泥路 土路 山路 断头路 修路 让路 铺路 堵路 挡路 占道 开路 问路 带路 "
    "指路 此路 该路 两路 岔路 新路 原路 半路 网路 电路 家属院 农家院 法院 医院 学院 环路 环线 三岔路 "
    "必经之路 致富路 回家路 上学路 停车场 单元 互联网 一里 十里 何处 到处 各处 当庄 坐庄 农庄 饭庄 "
    "钱庄 茶庄 布庄 绣庄 拆迁 城堡 汉堡 阵营 合营 联营 自营 主营 走投无路 危险路 道路小巷 梦里 书里 "
    "小巷 窄巷 一条路 这条路 那条路 该条路 条路 退路 边路 弯路 丝绸之路 一带一路 之路 老街 古街 古路 "
    "下坡路 一栋 一幢 一座 每栋 一层 二层 各栋 精神家园 心灵家园 美丽家园 美好家园 媒体报道 渔村 山寨 "
    "第一村 写道 称道 打交道 铁道 赛道 索道 一道 五道 几道 同路 农村 千里 夏令营 末路 网络 老路 "
    "干路 主干路 次干路 支路 短路 上路 跑路 该小区 道路 集贸市场 非机动车道 高速公路"
)
"""Words that end like a road, village or building and name none."""

NOT_PART = listed(
    "里 路 街 乡村 拆迁 我 你 他 我们 这 那 该 此 各 每 本 全 条 个 段 座 栋 家 的 在 到 从 去 有 是 "
    "为 和 与 及 等 一 两 几 多 整个 整条 附近 旁边 住 走 过 进 出 上 下 后 外 中 内 市民 村民 居民 "
    "业主 群众 相关 有关 部分 所有 其他 其它 周边 周围 老 新 大 小 同 修 修建 建设 开发 入住 购买 "
    "位于 途经 沿 经过 通往 连接 打通 堵 占 这条 那条 一条 两条 因为 由于 现在 目前 政府 公司 物业 "
    "开发商 城市 农村 住宅 商业 高档 前 地处 老旧 往"
)
"""Words before 路, 村 or 小区 that are not part of its name."""

LATIN_SURNAMES = listed(
    "Smith Johnson Brown Jones Miller Davis Wilson Anderson Taylor Moore Thompson White Harris Clark "
    "Lewis Robinson Young Hall King Wright Green Baker Adams Nelson Hill Campbell Mitchell Roberts "
    "Carter Phillips Evans Turner Parker Collins Edwards Stewart Morris Murphy Cook Rogers Reed Morgan "
    "Cooper Peterson Bailey Kelly Howard Cox Ward Richardson Watson Brooks Wood Bennett Gray Hughes "
    "Price Myers Long Foster Ross Powell Sullivan Russell Garcia Martinez Rodriguez Hernandez Lopez "
    "Gonzalez Perez Sanchez Ramirez Torres Rivera Gomez Diaz Fernandez Silva Santos Muller Schmidt "
    "Schneider Fischer Weber Meyer Wagner Becker Hoffmann Koch Bauer Richter Klein Wolf Rossi Ferrari "
    "Romano Ricci Marino Greco Bruno Martin Bernard Dubois Durand Leroy Moreau Simon Laurent Ivanov "
    "Petrov Sidorov Popov Novak Nowak Jansen Larsen Hansen Olsen Nilsson Johansson Andersson Berg Wang "
    "Zhang Liu Chen Yang Huang Zhao Zhou Xu Sun Zhu Hu Guo Lin Luo Liang Song Tang Deng Feng Cheng Cai "
    "Peng Pan Yuan Dong Su Ye Lu Wei Jiang Tian Ren Fang Shi Yao Liao Zou Xiong Jin Hao Kong Bai Cui "
    "Kang Mao Qiu Qin Gu Hou Shao Meng Wan Duan Qian Tan Lei Lau Leung Cheung Chan Wong Kwok Lam Chow "
    "Tse Tsang Yeung Yip Hsu Hsieh Tsai Kim Park Choi Jung Cho Yoon Jang Lim Tanaka Suzuki Sato "
    "Takahashi Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki"
)
"""Latin family names, and romanised ones."""

"""What may be told of where a matter is: what administers, never a road or a house."""

import pytest

from app.opendata.places import COMMUNITY, DISTRICT, STREET, Places

TABLE = (
    "云泽市",
    "青芦县",
    "城东区城南街道幸福社区",
    "青芦县城关镇",
    "大学城",
    "城东区新村社区",
    "青芦县新村社区",
)


@pytest.mark.parametrize(
    ("place", "community", "street", "district"),
    [
        # A level less at each step.
        ("城东区城南街道幸福社区", "城东区城南街道幸福社区", "城东区城南街道", "城东区"),
        ("青芦县城关镇下河村", "青芦县城关镇下河村", "青芦县城关镇", "青芦县"),
        ("城东区城南街道", "城东区城南街道", "城东区城南街道", "城东区"),
        ("城东区", "城东区", "城东区", "城东区"),
        # The names above it come from the office's own table, and only where it leaves no doubt.
        ("幸福社区", "城东区城南街道幸福社区", "城东区城南街道", "城东区"),
        ("城南街道平安社区", "城东区城南街道平安社区", "城东区城南街道", "城东区"),
        ("城关镇", "青芦县城关镇", "青芦县城关镇", "青芦县"),
        ("新村社区", "新村社区", "", ""),
        ("无名社区", "无名社区", "", ""),
        # A city or province around it says nothing; a city within a city is a district.
        ("云泽市城东区", "城东区", "城东区", "城东区"),
        ("某某省云泽市青芦县城关镇", "青芦县城关镇", "青芦县城关镇", "青芦县"),
        ("云泽市东芦市佛堂镇", "东芦市佛堂镇", "东芦市佛堂镇", "东芦市"),
        # Roads, estates, buildings, numbers are nobody's place.
        ("城东区城南街道幸福路12号3栋501", "城东区城南街道", "城东区城南街道", "城东区"),
        ("城东区翠湖小区", "城东区", "城东区", "城东区"),
        ("翠湖小区", "", "", ""),
        ("幸福小区南村", "", "", ""),
        ("幸福路12号", "", "", ""),
        ("12号社区", "", "", ""),
        ("工业园区", "", "", ""),
        ("我们村", "", "", ""),
        ("城中村", "", "", ""),
        # Endings inside of names.
        ("城东区人民路街道", "城东区人民路街道", "城东区人民路街道", "城东区"),
        ("城区街道", "城区街道", "城区街道", ""),
        ("新乡县下村镇古镇社区", "新乡县下村镇古镇社区", "新乡县下村镇", "新乡县"),
        ("云泽市市中区", "市中区", "市中区", "市中区"),
        # A place of the table without a level is told whole or not at all.
        ("大学城", "大学城", "", ""),
        ("云泽市", "云泽市", "", ""),
        ("", "", "", ""),
    ],
)
def test_a_place_is_told_a_level_less_at_a_time(
    place: str, community: str, street: str, district: str
) -> None:
    places = Places(TABLE)
    assert [places.told(place, level) for level in (COMMUNITY, STREET, DISTRICT)] == [
        community,
        street,
        district,
    ]


def test_what_the_office_does_not_know_is_not_told() -> None:
    assert Places().told("大学城") == ""
    assert Places().told("幸福社区", STREET) == ""

"""Likenesses are found in languages that write no blanks between words."""

import re
from urllib.parse import parse_qs

import pytest
from github_mcp.similarity import keywords, words
from vendor.github_mcp.conftest import HELLO, Ask, GitHub

LANGUAGES = {
    "Chinese": (
        "登录页面在输入错误密码后崩溃",
        "输入错误的密码时登录页面会崩溃",
        ["导出报表时日期格式不正确", "希望支持深色主题", "文档中的安装步骤已经过时"],
    ),
    "Japanese": (
        "ログイン画面でパスワードを間違えるとアプリが落ちる",
        "パスワードを間違えたときにログイン画面でアプリが落ちます",
        ["レポートの日付の形式が正しくない", "ダークテーマに対応してほしい", "インストール手順の説明が古い"],
    ),
    "Thai": (
        "แอปค้างเมื่อใส่รหัสผ่านผิดที่หน้าเข้าสู่ระบบ",
        "หน้าเข้าสู่ระบบค้างหลังจากใส่รหัสผ่านผิด",
        ["รูปแบบวันที่ในรายงานไม่ถูกต้อง", "ขอให้รองรับธีมสีเข้ม", "เอกสารขั้นตอนการติดตั้งล้าสมัย"],
    ),
    "Korean": (
        "로그인 화면에서 비밀번호를 틀리면 앱이 종료됨",
        "비밀번호가 틀리면 로그인 화면이 종료됩니다",
        ["보고서의 날짜 형식이 올바르지 않음", "어두운 테마를 지원해 주세요", "설치 문서가 오래되었습니다"],
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_duplicate_is_most_alike(ask: Ask, github: GitHub, language: str) -> None:
    """The same fault in other words comes first, clearly before issues about something else."""
    title, twin, others = LANGUAGES[language]
    world, hello = github.app.stand_in.world, github.hello
    issue, same, *_ = [
        world.add_issue(hello, title=text, body="", user=world.user("lin-example")) for text in (title, twin, *others)
    ]
    answer = await ask("find_similar_issues", repository=HELLO, issue=issue.number)
    found = [(int(number), float(score)) for score, number in re.findall(r"likeness (\S+) #(\d+) ", answer.text)]
    assert found[0][0] == same.number
    assert found[0][1] >= 0.25
    assert all(score < found[0][1] / 2 for _, score in found[1:])


async def test_a_search_asks_for_what_an_index_has(ask: Ask, github: GitHub) -> None:
    """GitHub is asked for a run of one script, or two Han letters, not for a whole sentence."""
    await ask("find_similar_issues", repository=HELLO, text="ログイン画面で落ちる crash")
    queries = [parse_qs(one["query"])["q"][0] for one in github.app.controls.log.entries if "/search/" in one["path"]]
    assert [query.rpartition(" ")[2] for query in queries] == ["crash", "ログイン", "画面"]


def test_scripts_are_told_apart() -> None:
    """A word in Latin letters stays one beside letters that are paired; single ones count."""
    assert words("Python3の例外") == ["python3", "の例", "例外"]
    assert words("字") == ["字"]
    assert keywords("安装失败", "", 3) == ["安装", "失败"]

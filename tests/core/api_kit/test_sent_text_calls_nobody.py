"""What a task writes shows no image from elsewhere and calls nobody that the grant does not name."""

import pytest
from api_kit.markdown_sanitizer import Allowed, Quieted, sanitize
from core.api_kit.rendered import Rendered
from hypothesis import example, given, settings
from hypothesis import strategies as st

EVIL = "https://evil.example/x.png"
IMAGE = f"![a]({EVIL})"
PIECES = [
    *("`", "``", "```", "~~~", "````", "\n", "\n\n", "\r\n", " ", "  ", "    ", "\t", "- ", "1. ", "> ", "# ", "| "),
    *("|---|---|\n", "\\", "!", "[", "]", "](", f"]({EVIL})", "![a][b]", f"[b]: {EVIL}", "![", "<", ">", "=", "$"),
    *(
        "<div>",
        "</div>",
        "<div title='",
        "<!--",
        "-->",
        f"<img src={EVIL}>",
        '<b a="',
        '">',
        "'>",
        "<p",
        "<a href='x'>",
    ),
    *(
        "@octocat",
        "@octocat",
        "&#64;octocat",
        "@",
        "@&#111;",
        "octocat",
        "&",
        "a",
        "https://x.y/",
        "www.x.y/",
        "<?",
        "?>",
    ),
    *("<pre>", "</pre>", "<details>", "<br>", "_", "**", "[^1]: ", "&copy", "'", '"', "<https://x/", "(", ")", "  ```"),
    *("    ```", "```py\n", "`@octocat`", "![a](https://good.example/x)", "---\n", "<![CDATA[", "]]>", "&#32", IMAGE),
]


def quieted(text: str, *names: str) -> Quieted:
    """Quiet a text."""
    return sanitize(text, Allowed({"good.example"}, lambda name: name in names))


def is_harmless(text: str) -> bool:
    """Say whether a text, once it is rendered, loads nothing from elsewhere and calls nobody."""
    shown = Rendered(text)
    loaded = [image.get("src") or "" for image in shown.images]
    return not shown.mentions and all(address.startswith("https://good.example/") for address in loaded)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        (IMAGE, f"[image: a]({EVIL})"),
        ("![a][ref]\n\n[ref]: /x", "[image: a][ref]\n\n[ref]: /x"),
        (f"![]({EVIL} 'title')", f"[image: ]({EVIL} 'title')"),
        (f"!![a]({EVIL})", f"[image: a]({EVIL})"),
        (f"!<img>[a]({EVIL})", f"!&lt;img>[a]({EVIL})"),
        (f'<img src="{EVIL}">', f'&lt;img src="{EVIL}">'),
        (f"<im<img>g src={EVIL}>", f"<im&lt;img>g src={EVIL}>"),
        (
            f'<img src="https://good.example/x" srcset="{EVIL}">',
            f'&lt;img src="https://good.example/x" srcset="{EVIL}">',
        ),
        ("<select>@[octocat](/x)", "&lt;select>@[octocat](/x)"),
        ("![a](http://good.example/x.png)", "[image: a](http://good.example/x.png)"),
        ("![a](https://good.example@evil.example/x)", "[image: a](https://good.example@evil.example/x)"),
    ],
)
def test_images_from_elsewhere_become_links_and_text(text: str, sent: str) -> None:
    """Showing an image asks another host, with whatever its address says; a link asks nobody until it is followed."""
    assert quieted(text) == Quieted(sent, images=1)
    assert is_harmless(sent)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("cc @octocat and @octo-org/team.", "cc @&#8203;octocat and @&#8203;octo-org/team."),
        ("_@octocat_", "_@&#8203;octocat_"),
        ("&commat;octocat", "&commat;&#8203;octocat"),
        ("`open @octocat", "`open @&#8203;octocat"),
        ("`@octocat`:@octocat", "`@octocat`:@&#8203;octocat"),
        ("@ada look, @ada-b, @ada&#98;, @ada_b", "@ada look, @&#8203;ada-b, @&#8203;ada&#98;, @&#8203;ada_b"),
        ("a@example.org, a@b@octocat, &#32@octocat", "a@example.org, a@b@&#8203;octocat, &#32@&#8203;octocat"),
        ("https://example.org/@octocat?a=@b", "https://example.org/%40octocat?a=%40b"),
        ("```\n@octocat\n```\n@octocat", "```\n@octocat\n```\n@&#8203;octocat"),
    ],
)
def test_mentions_are_broken(text: str, sent: str) -> None:
    """Nobody is called whom the grant does not name; a name that goes on is another."""
    assert quieted(text, "ada").value == sent


@pytest.mark.parametrize(
    "text",
    [
        "`@Override` and ``a ` @b``, see [`@x`](https://example.org/a_(b)) <br> `![a](b)`",
        "Run:\n```sh\nnpm i @scope/name\n```\nand\n~~~\n![a](b)\n~~~",
        "1. First\n   ```py\n   @property\n\n   def x(self): ...\n   ```\n2. Then\n\n    ~~~\n    @x\n    ~~~\n",
        "<details>\n<summary>Log of <b>it</b></summary>\n\n```\n@octocat\n```\n\n</details>",
        "<!-- for the reviewer -->\n```\n@octocat\n```",
        "````\n```\n@octocat\n```\n````",
        "Map<String, Integer> has `@NonNull` keys, don't you think?\r\n\r\n```java\r\n@Test\r\n```\r\n",
        "![a](https://good.example/x.png?a=1&b=2)",
        '<img width="10" src="https://good.example/x.png" alt="a b">',
        "vec![1], a@example.org, 1 < 2 && x @ y, $5, | a | `b` |",
        "[a link](https://example.org)",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    """Code, images from listed hosts and mail addresses are sent byte for byte."""
    assert quieted(text) == Quieted(text)


@pytest.mark.parametrize(
    "text",
    [
        f"![a\nb]({EVIL})",
        f"![{'a' * 501}]({EVIL})",
        f"`\n\n{IMAGE} @octocat\n\n`",
        f"``` a`b\n\n{IMAGE} @octocat\n",
        f"\\`{IMAGE} @octocat\\`",
        f"<PICTURE>\n<source\nsrcset={EVIL} ><IMG\nsrc={EVIL} ></PICTURE>",
        "<div>\n`@octocat`\n</div>",
        "<div>\n```\n@octocat\n```\n</div>",
        "<!--\n```\n-->\n@octocat\n<!--\n```\n-->",
        "<div title='\n\n' `@octocat`",
        "- ```\n  x\n  ```\n  @octocat\n  ```",
        "- a\n  ```\n@octocat\n  ```",
        "> ```\n  ```\n  x\n```\n@octocat",
        "[a](x '\n`') @octocat `",
        "[x <img ](>`) @octocat `",
        "| `x | @octocat | y` |\n|---|---|---|",
        "<`@x.org> ` @octocat `",
        "<p>&commat;octocat &#64octocat &#x40octocat &lt@octocat @&#111;ctocat</p>",
        "```\n@x\n``` \t\n@octocat\n```\n",
        "```\r@octocat\r```\r@octocat",
    ],
)
def test_what_passed_for_code_calls_nobody(text: str) -> None:
    """Code is what every reading of CommonMark and HTML takes for code."""
    assert not is_harmless(text)
    assert is_harmless(str(quieted(text).value))


@pytest.mark.slow
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
@example(f"~~~a|b\n|-|-|\n{IMAGE}")
@settings(max_examples=300)
def test_whatever_is_written_is_harmless(text: str) -> None:
    """Rendered, no text that was quieted loads from elsewhere or calls anybody; quieting it again changes nothing."""
    sent = str(quieted(text).value)
    assert is_harmless(sent)
    assert quieted(sent) == Quieted(sent)

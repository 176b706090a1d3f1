from html import escape
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from wsfcn_tf.evaluation.html_report.markup import Markup, element, join


class Reader(HTMLParser):
    """What a browser makes of a piece of HTML: its tags with their attributes, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_elements_nest():
    inner = element("b", "a < b")
    assert element("p", "1 & 2 ", inner, class_="note", aria_label="x", hidden=True, title=None, open=False) == (
        '<p class="note" aria-label="x" hidden>1 &amp; 2 <b>a &lt; b</b></p>'
    )
    assert element("img", src="a.png", width=3) == '<img src="a.png" width="3">'
    assert isinstance(join(["<", inner]), Markup)
    assert join(["<", inner]) == f"&lt;{inner}"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_text_comes_out_as_it_went_in(text):
    read = Reader(element("p", text, title=text))
    assert read.tags == [("p", {"title": text})]
    assert read.text == text


def test_markup_is_not_escaped_twice():
    assert element("p", element("i", "&")) == f"<p><i>{escape('&')}</i></p>"

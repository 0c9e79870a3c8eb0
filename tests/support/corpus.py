"""The texts that parity is judged on: lengths around every bound, and what trips tokenizers."""

SHORT = (
    "Hello world",
    "Hola mundo",
    "test",
    "a",
    "How do I reset my password?",
    "The engineer repairs the old bridge before winter.",
    "Der Bäcker öffnet das alte Haus, und die Lehrerin zählt sieben Briefe.",
)

ODD = (
    "   three spaces before the text",
    "\ttab, then\nline\r\nbreaks\n\n",
    "trailing spaces   ",
    "🙂",
    "👩‍👩‍👧‍👦 families and 🏳️‍🌈 flags ☕️",
    "医生打开图书馆。我的朋友喜欢一座桥。",
    "старый поезд ждёт письмо",
    "مرحبا بالعالم",
    "नमस्ते दुनिया",
    "e\u0301 and \u00e9 look alike",
    "zero\u200bwidth\u200djoiners and a soft\u00adhyphen",
    "İstanbul, ß, ﬁ, Ⅷ, ½",
    "tokens in the text: [CLS] [SEP] [MASK] <s> </s> <pad>",
    "HTTP/1.1 404; x = f(y) ** 2  # 3.14e-10, C:\\dir\\file.txt, user@example.org",
    "query: a text that begins as a prompt does",
    "unbelievablyantidisestablishmentarianismlike" * 4,
    "\x07 a bell and \x7f a delete",
    "ALL CAPITALS AND mixed Case",
)

_LINE = "The clerk describes the seven letters that our neighbour found under the bridge. "

LONG = (
    _LINE * 3,  # near the tiny models' 64 tokens
    _LINE * 4,
    _LINE * 17,  # near MiniLM's 256
    _LINE * 18,
    _LINE * 400,  # far beyond either
    "word " * 61,
    "word " * 62,  # 64 tokens with the special ones where `word` is one
    "word " * 63,
    "word " * 253,
    "word " * 254,
    "word " * 255,
    "数据" * 200,
)

CORPUS = (*SHORT, *ODD, *LONG)

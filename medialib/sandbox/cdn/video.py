"""One small film that browsers play, whatever its name ends with: two seconds of WebM without sound."""

from __future__ import annotations

import base64
import zlib

_PACKED = (
    "eNqTcr2/eL5TWyOj03cg/tTI4vS5kcOpqaU8NSnXqR3IbW1kkghuSGdkAAFWdkHf2SU7fXd3B69uEfVcmRa8pjEPwhMLWZcN5E2G"
    "8OSdt5UCeVd8d/cAeTLBu4FyTSxf36xjIAmArFigdX1jM7+Tg0tni8vP+899G9qcM4ryc1PDHaEMkM171u263shYfLR962n1ydOX"
    "zmtuZAx918jY1hoWHxZg8WDuhsYFuxqjgg8AhTdMCN0IpHY2MoXuauQN3d3ICHIsxH8sos8bGRY4LF34sBHIE2BnmMuotYAhioGr"
    "naO1tWNmS4cFE7NDUvMy+Z5L7ly22s25PxOX5j1mmvxhxqeb3w06eT9G2+ue+b1nYuG/qQf3bDdi+BBSsppvgXVIwV2HDbtkmuwP"
    "B36v/XXlxYvCRQ6lC/cv2wt04tIdAaxYrGFg0+DnKA2Z9U7xalD2jvZQz3WPZEPVdneAhfYw/Hu9jmHBvYW7GxkuMVxkYdASPMAg"
    "wSD5cPkXBraF3NesxNeU6Iew/dtjvdezs1fl5NEqDqPj2xyArlnzwVRlaqS3+cZlQAfMXjYT5IApgkxQAyQi9L8wcDSA/P4bGA6X"
    "Fq5vZOxjKISZL7Et/QsD88XQ0NAw+WNTZ3lzTxK/ENFe7174Q2tVA9DwZQmEzLy04ObCrY1M4QyBMDOl/NW/MIjI+09+FXjs5Duj"
    "5GkzncqkAl//anqrvgFo5Lpl97QWT7xmwkDA5CbGvgVXFm5oZJZDGC1ZBnQud9HSUPuvjWf+Rcv/S6922beJaWtATcgMoNGr0mQJ"
    "msoUvuDawk2NzM8YJmIxVWO1QeLJUC1BZg/vu5JFm77m/wdF+MqbXATNZZYDm8uynmEj1FzOyyf1ZXZPYFb+t2pp0L4FKeVcghuc"
    "jWJ7zusV6vP6X2l4mTBfL0OAoLnPwJHGWg4PBZ58T31P6QnMBqDkzcVetunm8pq+m6tWrVo9a6nBe4knPWuAjp21bAbI0MkfGUGa"
    "RBIYEhP2X2BQYmIBmcmyfsFloJls9tgSQmjin8zsrEMmt4x29Otrf5D//YcBaGh7AyGHspaDDWVnx2poRD2HVqfWxtVhQg+m7lm/"
    "T+P8B6IMZbNfcHXhxkb2cwhDkWJLq1nRrrU+07j4e8DB/V9Y2OpALu37n0EoIzSxs4PKr97d3ZsbGba3AYvJj41XAGddA+8="
)
FILM = zlib.decompress(base64.b64decode(_PACKED))

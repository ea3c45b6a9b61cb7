"""Writes the MLIR programs of a Markdown file to FOLDER/0.mlir, 1.mlir, ...

extract.py FILE FOLDER
"""

import re
import sys
from pathlib import Path

text, folder = Path(sys.argv[1]).read_text(), Path(sys.argv[2])
programs = re.findall(r"^```mlir\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
assert programs, f"{sys.argv[1]}: no MLIR program"
folder.mkdir(parents=True, exist_ok=True)
for number, program in enumerate(programs):
    (folder / f"{number}.mlir").write_text(program)

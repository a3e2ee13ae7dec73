"""The debug adapter: VS Code, Neovim and Emacs step through a backward pass, and back.

>>> from engine.debugger.adapter import serve
>>> serve.__name__
'serve'

`python -m engine dap` is started by an editor and speaks the Debug Adapter Protocol with it.
Reading order: `protocol` (messages), `places` (lines and columns), `breakpoints`, `views` (call
stack and variables), `console`, `program` (what is debugged), `server` (who answers when),
`answers` (the table of requests), `ways` (stdin or a port), `extension` (what VS Code needs).
"""

from .extension import install
from .ways import serve

__all__ = ["install", "serve"]

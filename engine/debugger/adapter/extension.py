"""What VS Code needs: a small extension, which is packed and handed to the editors that are there.

>>> import io, zipfile
>>> for name in zipfile.ZipFile(io.BytesIO(vsix("/usr/bin/python3"))).namelist():
...     print(name)
[Content_Types].xml
extension.vsixmanifest
extension/package.json
extension/extension.js
extension/LICENSE.txt

A VSIX is a zip file with a manifest. The extension declares the type `gradients`, says that this
interpreter runs the adapter, and lets F5 work without a launch.json.
"""

import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from ...files import write_file
from ...printing import printable

SOURCES = Path(__file__).parent.parent / "vscode"
PROGRAMS = ("code", "code-insiders", "codium", "cursor", "code-server")
_TYPES = """\
<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension=".json" ContentType="application/json"/>
<Default Extension=".js" ContentType="application/javascript"/>
<Default Extension=".txt" ContentType="text/plain"/>
<Default Extension=".vsixmanifest" ContentType="text/xml"/>
</Types>
"""
_MANIFEST = """\
<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
<Metadata>
<Identity Language="en-US" Id={name} Version={version} Publisher={publisher}/>
<DisplayName>Gradients</DisplayName>
<Description xml:space="preserve">Step through a backward pass, and back.</Description>
<Categories>Debuggers,Education</Categories>
<Properties>
<Property Id="Microsoft.VisualStudio.Code.Engine" Value={engine}/>
<Property Id="Microsoft.VisualStudio.Code.ExtensionKind" Value="workspace"/>
</Properties>
<License>extension/LICENSE.txt</License>
</Metadata>
<Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
<Dependencies/>
<Assets>
<Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json"
    Addressable="true"/>
</Assets>
</PackageManifest>
"""


def vsix(python: str) -> bytes:
    """Return the extension as a VSIX; `python` is the interpreter that is to run the adapter."""
    package = json.loads((SOURCES / "package.json").read_text(encoding="utf-8"))
    settings = package["contributes"]["configuration"]["properties"]
    settings["gradients.python"]["default"] = python
    parts = {
        "[Content_Types].xml": _TYPES,
        "extension.vsixmanifest": _manifest(package),
        "extension/package.json": json.dumps(package, indent=2),
        "extension/extension.js": (SOURCES / "extension.js").read_text(encoding="utf-8"),
        "extension/LICENSE.txt": (SOURCES / "LICENSE.txt").read_text(encoding="utf-8"),
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, text in parts.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))  # the same bytes at any time
            file.writestr(entry, text.encode("utf-8"), zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def _manifest(package: dict[str, Any]) -> str:
    return _MANIFEST.format(
        name=quoteattr(package["name"]),
        version=quoteattr(package["version"]),
        publisher=quoteattr(package["publisher"]),
        engine=quoteattr(package["engines"]["vscode"]),
    )


def install(folder: Path = Path(), programs: Sequence[str] = PROGRAMS) -> list[str]:
    """Write the VSIX to a folder, let the editors that are found install it; return what happened.

    Raises OSError where it can't be written.
    """
    file = (folder / "gradients.vsix").resolve()
    write_file(file, vsix(sys.executable))
    said = [f"written: {file}", f"it runs the adapter with {sys.executable}"]
    found = [program for name in programs if (program := shutil.which(name))]
    said += [_install_in(program, file) for program in found]
    if not found:
        said.append(
            f"no editor was found ({', '.join(programs)}): in VS Code open the view Extensions, "
            "then … > Install from VSIX…, and choose that file"
        )
    return said


def _install_in(program: str, file: Path) -> str:
    """Let an editor install a VSIX; return how that went."""
    command = [program, "--install-extension", str(file), "--force"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{program} did not install it: {printable(str(error), 200)}"
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"status {done.returncode}"]
        return f"{program} did not install it: {printable(said[-1], 200)}"
    return f"installed by {program}: open a Python file there and press F5"

// Run pytest under Pyodide's Python: node pyodide.mjs FOLDER_OF_PYODIDE PROJECT LIBRARIES ARGUMENT …

const [folder, project, libraries, ...chosen] = process.argv.slice(2);
const { loadPyodide } = await import(`${folder}/pyodide.mjs`);
const python = await loadPyodide({ env: { HOME: "/home", CI: "true" } });
for (const [place, root] of [["/project", project], ["/libraries", libraries]]) {
  python.FS.mkdirTree(place);
  python.FS.mount(python.FS.filesystems.NODEFS, { root }, place);
}
python.globals.set("chosen", python.toPy(chosen));
const status = python.runPython(`
import os, sys
sys.path[:0] = ["/project", "/libraries"]
sys.dont_write_bytecode = True
os.chdir("/project")
print("Python", sys.version.split()[0], sys.platform)
import pytest
int(pytest.main(["-q", "-p", "no:cacheprovider", *chosen]))
`);
process.exitCode = status;

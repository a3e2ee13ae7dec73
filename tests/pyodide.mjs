// Run pytest under Pyodide's Python: node pyodide.mjs FOLDER_OF_PYODIDE PROJECT LIBRARIES ARGUMENT …
// A test that turns out to need a process, a thread or a library that is not there is skipped.

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

NOT_HERE = ("does not support processes", "can't start new thread", ": pip install", "No module named")

class Browser:
    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        try:
            return (yield)
        except (OSError, RuntimeError, ImportError) as error:
            if any(said in str(error) for said in NOT_HERE):
                pytest.skip(str(error))
            raise

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef, request):
        try:
            return (yield)
        except OSError as error:
            if "does not support processes" in str(error):
                pytest.skip(str(error))
            raise

int(pytest.main(["-q", "-p", "no:cacheprovider", *chosen], plugins=[Browser()]))
`);
process.exitCode = status;

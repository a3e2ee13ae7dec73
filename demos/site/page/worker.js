// Python in a module worker: it loads Pyodide and the engine, then answers one message after the other.
// A worker that hangs or has died is thrown away by the page; nothing here tries to be rescued.

import { loadPyodide } from "./pyodide/pyodide.mjs";

const here = new URL("./", self.location.href);
const [module, memory] = self.name.split(" ");
let loaded = 0;

// With a limit, Python raises MemoryError as it does in a process that may have no more.
const { grow } = WebAssembly.Memory.prototype;
WebAssembly.Memory.prototype.grow = function (pages) {
  if (memory && this.buffer.byteLength + 65536 * pages > memory) throw new RangeError("no more memory");
  return grow.call(this, pages);
};

// Counts the bytes of everything that is fetched, so that the page can show how far it is.
const fetched = self.fetch;
self.fetch = async (...request) => {
  const answer = await fetched(...request);
  if (!answer.ok || !answer.body) return answer;
  const counted = new TransformStream({
    transform(chunk, out) {
      loaded += chunk.length;
      self.postMessage({ loaded, total: TOTAL_BYTES });
      out.enqueue(chunk);
    },
  });
  return new Response(answer.body.pipeThrough(counted), { status: answer.status, headers: answer.headers });
};

async function start() {
  const engine = fetch(new URL("chainrule.zip", here)).then((answer) => {
    if (!answer.ok) throw new Error(`chainrule.zip: ${answer.status}`);
    return answer.arrayBuffer();
  });
  const python = await loadPyodide({
    indexURL: new URL("pyodide/", here).href,
    stdin: () => null, // nobody types: input() raises EOFError at once
    stdout: () => {},
    stderr: () => {},
  });
  python.unpackArchive(await engine, "zip");
  return python.pyimport(module).handle;
}

const handle = start().then(
  (ready) => (self.postMessage({ ready: true }), ready),
  (error) => self.postMessage({ failed: String(error.message || error).slice(0, 300) }),
);

self.onmessage = async ({ data: { id, request } }) => {
  const answer = await handle;
  if (!answer) return;
  try {
    self.postMessage({ id, answer: JSON.parse(answer(JSON.stringify(request))) });
  } catch (error) { // Python itself has ended, as by os._exit
    self.postMessage({ id, died: String(error.message || error).trim().split("\n").pop().slice(0, 300) });
  }
};

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

// Counts the bytes of everything that is fetched, so that the page can show how far it is. A server that
// refuses or falls silent, as a busy one may, is asked again.
const fetched = self.fetch, SILENCE = 30_000, ASKED = 3;
self.fetch = async (...request) => {
  for (let asked = 1; ; asked += 1) {
    try {
      return await whole(await soon(fetched(...request)));
    } catch (error) {
      if (asked === ASKED) throw error;
    }
  }
};

async function whole(answer) {
  if (!answer.ok || !answer.body) return answer;
  const reader = answer.body.getReader(), parts = [];
  const { status, headers } = answer;
  try {
    for (;;) {
      const { done, value } = await soon(reader.read());
      if (done) return new Response(new Blob(parts), { status, headers });
      parts.push(value);
      count(value.length);
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    count(-parts.reduce((sum, part) => sum + part.length, 0));
    throw error;
  }
}

function count(bytes) {
  loaded += bytes;
  self.postMessage({ loaded, total: TOTAL_BYTES });
}

function soon(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("the server does not answer")), SILENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function start() {
  const engine = fetch(new URL("chainrule.zip", here)).then((answer) => {
    if (!answer.ok) throw new Error(`chainrule.zip: ${answer.status}`);
    return answer.arrayBuffer();
  });
  const python = await loadPyodide({
    indexURL: new URL("pyodide/", here).href,
    stdin: () => null, // what asks by input() is answered by demos/site/prompt.py
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

// Python can wait for a line of input where WebAssembly can wait for a promise (JSPI).
const canWait = "Suspending" in WebAssembly;
let waiting = null;

function asker(id) {
  return (message) => {
    self.postMessage({ id, asked: JSON.parse(message) });
    return new Promise((typed) => (waiting = typed));
  };
}

async function answer({ id, request }) {
  const ready = await handle;
  if (!ready) return;
  try {
    const asked = JSON.stringify(request);
    const said = canWait ? await ready.callPromising(asked, asker(id)) : ready(asked);
    self.postMessage({ id, answer: JSON.parse(said) });
  } catch (error) { // Python itself has ended, as by os._exit
    self.postMessage({ id, died: String(error.message || error).trim().split("\n").pop().slice(0, 300) });
  }
}

let turn = Promise.resolve(); // one request after the other, also while Python waits for a line
self.onmessage = ({ data }) => {
  if ("typed" in data) waiting?.(data.typed);
  else turn = turn.then(() => answer(data));
};

// One Python that answers, and a second that stands by: to stop whatever runs, the first is terminated.

export class Python {
  // onState is called with {loaded, total}, {ready}, {failed}; onAsked with a question, for which Python waits
  // until type() is called; onFact with what Python tells before it answers; onComplete when the second one
  // stands by, so that nothing more is fetched. `name` is the module that answers and, behind a blank, the limit
  // of its memory in bytes.
  constructor({ onState, onAsked, onComplete, onFact = () => {}, name = "demos.site.in_browser" }) {
    Object.assign(this, { onState, onAsked, onComplete, onFact, name });
    this.waiting = new Map();
    this.number = 0;
    this.active = this.spawn();
    this.spare = null;
  }

  spawn() {
    const worker = new Worker(new URL("../playground/worker.js", import.meta.url), { type: "module", name: this.name });
    const started = { worker, state: { loaded: 0, total: 1 } };
    worker.onmessage = ({ data }) => this.hear(started, data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.fail(started, event.message || "the worker could not be loaded");
    };
    return started;
  }

  hear(from, data) {
    if (typeof data === "string") {
      if (from === this.active) this.onFact(JSON.parse(data));
      return;
    }
    if ("id" in data) {
      if (from !== this.active) return;
      if (data.asked) this.onAsked(data.asked);
      else this.settle(data);
      return;
    }
    if (data.failed) return this.fail(from, data.failed);
    from.state = data;
    if (from === this.spare && data.ready) this.onComplete();
    if (from === this.active) this.onState(data);
    if (from === this.active && data.ready && !this.spare) this.spare = this.spawn();
  }

  // One that cannot be loaded is said; of a spare one, nobody needs to know: the next stop() loads another.
  fail(from, message) {
    if (from === this.spare) this.spare = null;
    if (from !== this.active) return;
    const runs = from.state.ready;
    from.state = { failed: message };
    if (!runs) return this.onState(from.state);
    this.replace(); // Python has ended outside of a request
    this.settleAll({ died: message });
  }

  settle({ id, answer, died }) {
    const resolve = this.waiting.get(id);
    this.waiting.delete(id);
    if (died) this.replace();
    resolve?.(answer ?? { died });
  }

  // Sends a request; resolves to the answer, to {died} if Python ended, to {stopped} after stop().
  ask(request) {
    return new Promise((resolve) => {
      const id = ++this.number;
      this.waiting.set(id, resolve);
      this.active.worker.postMessage({ id, request });
    });
  }

  // Sends the line that was asked for.
  type(line) {
    this.active.worker.postMessage({ typed: line });
  }

  stop() {
    this.replace();
    this.settleAll({ stopped: true });
  }

  settleAll(answer) {
    for (const resolve of this.waiting.values()) resolve(answer);
    this.waiting.clear();
  }

  replace() {
    this.active.worker.terminate();
    this.active = this.spare ?? this.spawn();
    this.spare = null;
    this.onState(this.active.state);
    if (this.active.state.ready) this.spare = this.spawn();
  }
}

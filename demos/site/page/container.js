// The container: a worker runs a learner's file with limits, and the page collects what it is told.
// What takes too long or prints too much is ended with its worker; the file's text is never there alone.

export class Container {
  constructor(python, { seconds, noteSeconds }) {
    Object.assign(this, { python, seconds, noteSeconds });
  }

  // Resolves to {facts, stopped}; `stopped` is "" or what the judge calls it, null if someone pressed Stop.
  async run(request, onPrinted = () => {}) {
    const facts = [];
    let stopped = "";
    let timer = 0;
    const after = (seconds, why) => {
      clearTimeout(timer);
      timer = setTimeout(() => end(why), 1000 * seconds);
    };
    const end = (why) => {
      stopped = why;
      this.python.onFact = () => {};
      this.python.stop();
    };
    this.python.onFact = (fact) => {
      if (fact.ready) after(this.seconds, "time");
      else if (fact.flood) end("flood");
      else if ("printed" in fact) onPrinted(fact.printed);
      else facts.push(fact);
      if (fact.end) after(this.noteSeconds, "time"); // what is told and not judged comes after it
    };
    const answer = await this.python.ask(request);
    clearTimeout(timer);
    this.python.onFact = () => {};
    if (answer.died && !/\bexit\b/i.test(answer.died)) stopped = "crash";
    if (answer.spoiled) this.python.replace(); // the next run begins with a Python of its own
    return { facts, stopped: answer.stopped && !stopped ? null : stopped };
  }
}

// What a learner has done so far: the content of the kit's progress file, as progress.py writes it.

const empty = (exercise) => ({
  exercise, passed: false, checks: 0, mistakes: {}, hints: 0, solution: false, started: null, last: null, passed_at: null,
});

export class Records {
  // `names` are the exercises by their numbers; `now` gives the time in seconds since 1970.
  constructor(names, content, now = () => Date.now() / 1000) {
    this.names = names;
    this.content = content ?? { version: 1, name: "", exercises: {} };
    this.now = now;
  }

  of(number) {
    return (this.content.exercises[number] ??= empty(this.names[number]));
  }

  checked(number, passed, mistakes) {
    const record = this.seen(number);
    record.checks += 1;
    for (const key of mistakes) record.mistakes[key] = (record.mistakes[key] ?? 0) + 1;
    if (passed && !record.passed) Object.assign(record, { passed: true, passed_at: record.last });
  }

  hinted(number, hints) {
    this.seen(number).hints = hints;
  }

  solutionSeen(number) {
    this.seen(number).solution = true;
  }

  seen(number) {
    const record = this.of(number);
    record.last = Math.round(this.now() * 1000) / 1000;
    record.started ??= record.last;
    return record;
  }

  passed(number) {
    return Boolean(this.content.exercises[number]?.passed);
  }

  // The exercise that was looked at last, or the next that has not passed; the last one if all have.
  current(numbers) {
    const all = this.content.exercises;
    const at = Number(Object.keys(all).reduce((best, each) => ((all[each].last ?? 0) > (all[best]?.last ?? 0) ? each : best), Object.keys(all)[0] ?? 1));
    const turned = [...numbers.filter((n) => n >= at), ...numbers.filter((n) => n < at)];
    return turned.find((n) => !this.passed(n)) ?? numbers.at(-1);
  }

  text() {
    return `${JSON.stringify(this.content, null, 1)}\n`;
  }
}

// The gradient debugger as a panel: buttons, a prompt, the graph at this moment, and what is said.

const BUTTONS = [["", "|◀ Start"], ["back", "◀ Back"], ["step", "Step ▶"], ["next", "Next node"], ["continue", "Continue"], ["where", "Where"]];

export class DebuggerPanel {
  // `ask` sends a command to Python and resolves to {said, svg}, or to what has no `said` if it was stopped;
  // `type` sends a line that Python waits for, as the command predict does.
  constructor(place, ask, type) {
    Object.assign(this, { ask, type, waits: false });
    place.innerHTML = `<div class="row commands">
      ${BUTTONS.map(([command, text]) => `<button data-command="${command}"${command === "step" ? ' class="first"' : ""}>${text}</button>`).join("")}
      <form class="prompt"><label><span class="question">(grad)</span> <input autocomplete="off" autocapitalize="off" spellcheck="false" placeholder="why w, break tanh, help"></label></form>
      </div>
      <div class="moment" tabindex="0" role="region" aria-label="The graph at this moment"></div>
      <pre class="said" tabindex="0" role="log" aria-label="What the debugger says"></pre>`;
    [this.moment, this.said, this.question, this.input] = [".moment", ".said", ".question", "input"].map((each) => place.querySelector(each));
    for (const button of place.querySelectorAll("[data-command]")) button.onclick = () => this.command(button.dataset.command);
    place.querySelector("form").onsubmit = (event) => {
      event.preventDefault();
      const line = this.input.value.trim();
      this.input.value = "";
      if (this.waits) this.answer(line);
      else if (line) this.command(line);
    };
  }

  async command(command) {
    if (this.waits) return this.answer(command);
    this.say(command ? `(grad) ${command}\n` : null);
    this.show(await this.ask(command));
  }

  show({ said, svg }) {
    this.waits = false;
    this.question.textContent = "(grad)";
    if (said === undefined) return;
    this.say(said);
    this.moment.innerHTML = svg ?? "";
  }

  // Python waits for a line: the question stands before the place where it is typed.
  asked({ question, said }) {
    this.waits = true;
    this.say(said);
    this.question.textContent = question;
    this.input.focus({ preventScroll: true });
  }

  answer(line) {
    this.waits = false;
    this.question.textContent = "(grad)";
    this.type(line);
  }

  say(text) {
    this.said.textContent = text === null ? "" : this.said.textContent + text;
    this.said.scrollTop = this.said.scrollHeight;
  }
}

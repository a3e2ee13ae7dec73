// The gradient debugger as a panel: buttons, a prompt, the graph at this moment, and what is said.

const BUTTONS = [["", "|◀ Start"], ["back", "◀ Back"], ["step", "Step ▶"], ["next", "Next node"], ["continue", "Continue"], ["where", "Where"]];

export class DebuggerPanel {
  // `ask` sends a command to Python and resolves to {said, svg}, or to what has no `said` if it was stopped.
  constructor(place, ask) {
    this.ask = ask;
    place.innerHTML = `<div class="row commands">
      ${BUTTONS.map(([command, text]) => `<button data-command="${command}"${command === "step" ? ' class="first"' : ""}>${text}</button>`).join("")}
      <form class="prompt"><label>(grad) <input autocomplete="off" autocapitalize="off" spellcheck="false" placeholder="why w, break tanh, help"></label></form>
      </div>
      <div class="moment" tabindex="0" role="region" aria-label="The graph at this moment"></div>
      <pre class="said" tabindex="0" role="log" aria-label="What the debugger says"></pre>`;
    [this.moment, this.said] = [".moment", ".said"].map((each) => place.querySelector(each));
    for (const button of place.querySelectorAll("[data-command]")) button.onclick = () => this.command(button.dataset.command);
    place.querySelector("form").onsubmit = (event) => {
      event.preventDefault();
      const input = place.querySelector("input");
      if (input.value.trim()) this.command(input.value.trim());
      input.value = "";
    };
  }

  async command(command) {
    this.show(command, await this.ask(command));
  }

  show(command, { said, svg }) {
    if (said === undefined) return;
    this.said.textContent = (command ? `${this.said.textContent}(grad) ${command}\n` : "") + said;
    this.said.scrollTop = this.said.scrollHeight;
    this.moment.innerHTML = svg ?? "";
  }
}

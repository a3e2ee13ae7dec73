// Texts that this browser keeps; where it keeps nothing, for as long as the page is open.

export class Shelf {
  constructor(prefix) {
    this.prefix = prefix;
    this.memory = new Map();
    this.works = true;
  }

  put(name, text) {
    this.memory.set(name, text);
    try {
      if (text === null) localStorage.removeItem(this.prefix + name);
      else localStorage.setItem(this.prefix + name, text);
    } catch { // refused by the browser, or full
      this.works = false;
    }
  }

  text(name) {
    if (this.memory.has(name)) return this.memory.get(name);
    try {
      return localStorage.getItem(this.prefix + name);
    } catch {
      this.works = false;
      return null;
    }
  }

  json(name) {
    try {
      return JSON.parse(this.text(name)) ?? undefined;
    } catch {
      return undefined;
    }
  }
}

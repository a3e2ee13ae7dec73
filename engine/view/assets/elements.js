// Elements of the page: found, made, and changed only where something is different.
const find = (id) => document.getElementById(id);
function make(parent, tag, attributes = {}, content = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (content) element.textContent = content;
  parent.append(element);
  return element;
}
function write(element, content) { // touches the page only where something changes
  if (element.written !== content) element.textContent = element.written = content;
}
function mark(element, name, value) {
  const marks = element.marks || (element.marks = {});
  if (marks[name] !== value) element.setAttribute(name, (marks[name] = value));
}
function element(parent, tag, attributes = {}, content = "") { // of HTML
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (content) node.textContent = content;
  parent.append(node);
  return node;
}

// Renders /openapi.json: a list of routes at the side, and for each its parameters, body,
// answers and a request to try. Text only ever goes in as text.
"use strict";

const el = (tag, props = {}, ...children) => {
  const e = Object.assign(document.createElement(tag), props);
  e.append(...children.filter((c) => c !== null && c !== undefined));
  return e;
};

let doc;

const resolve = (schema) => {
  while (schema && schema.$ref) schema = doc.components.schemas[schema.$ref.split("/").pop()];
  return schema || {};
};

const nameOf = (schema) => (schema && schema.$ref ? schema.$ref.split("/").pop() : "");

const typeOf = (schema) => {
  const s = resolve(schema);
  if (s.type === "array") return `list of ${typeOf(s.items)}`;
  if (s.type === "object" && typeof s.additionalProperties === "object" && !s.properties) return `map of ${typeOf(s.additionalProperties)}`;
  return nameOf(schema) || [].concat(s.type || "any").join(" or ");
};

const limits = (schema) => {
  const s = resolve(schema);
  const out = [];
  if (s.enum) out.push(s.enum.join(", "));
  if (s.minimum !== undefined || s.maximum !== undefined) out.push(`${s.minimum ?? ""} to ${s.maximum ?? ""}`);
  if (s.maxLength !== undefined) out.push(`at most ${s.maxLength} characters`);
  if (s.maxItems !== undefined) out.push(`at most ${s.maxItems}`);
  if (s.default !== undefined) out.push(`default ${JSON.stringify(s.default)}`);
  return out.join("; ");
};

const row = (name, schema, required, description, seen) => {
  const notes = limits(schema);
  const cell = el("td", {}, el("span", { className: "soft" }, typeOf(schema) + (required ? ", required" : "")));
  if (description) cell.append(el("div", {}, description));
  if (notes) cell.append(el("div", { className: "soft" }, notes));
  const inner = resolve(schema).type === "array" ? resolve(schema).items : schema;
  if (resolve(inner).properties && !seen.includes(nameOf(inner))) {
    cell.append(el("details", {}, el("summary", {}, nameOf(inner) || "fields"), fields(inner, [...seen, nameOf(inner)])));
  }
  return el("tr", {}, el("td", {}, el("code", {}, name)), cell);
};

const fields = (schema, seen = []) => {
  const s = resolve(schema);
  return el("table", {}, ...Object.entries(s.properties || {}).map(([name, p]) =>
    row(name, p, (s.required || []).includes(name), p.description || resolve(p).description, seen)));
};

const example = (schema, depth = 0) => {
  const s = resolve(schema);
  if (s.examples) return s.examples[0];
  if (s.default !== undefined) return s.default;
  if (s.enum) return s.enum[0];
  if (s.type === "object") {
    const out = {};
    for (const name of depth > 3 ? [] : s.required || []) out[name] = example(s.properties[name], depth + 1);
    return out;
  }
  return { array: [], boolean: false, integer: s.minimum ?? 0, number: s.minimum ?? 0 }[s.type] ?? "…";
};

const curl = (method, path, op) => {
  const lines = [`curl ${location.origin}${path.replaceAll("{", "$").replaceAll("}", "").replace("$id", "$ID").replace("$name", "$NAME")}`];
  if (method !== "get") lines[0] += ` -X ${method.toUpperCase()}`;
  if (op.security) lines.push(`-H "Authorization: Bearer $KELVIN_KEY"`);
  if ((op.parameters || []).some((p) => p.name === "Idempotency-Key")) lines.push(`-H "Idempotency-Key: $(uuidgen)"`);
  const body = op.requestBody?.content?.["application/json"];
  if (body) lines.push(`-H "Content-Type: application/json"`, `-d '${JSON.stringify(example(body.schema))}'`);
  return lines.join(" \\\n  ");
};

const section = (method, path, op) => {
  const s = el("section", { id: op.operationId },
    el("h2", {}, op.summary),
    el("p", {}, el("span", { className: `method ${method}` }, method), " ", el("code", {}, path)),
    el("p", {}, op.description || ""));
  if (op.parameters?.length) {
    s.append(el("h3", {}, "Parameters"), el("table", {}, ...op.parameters.map((p) =>
      row(`${p.name} (${p.in})`, p.schema, p.required, p.description, []))));
  }
  const body = op.requestBody?.content?.["application/json"];
  if (body) s.append(el("h3", {}, "Body"), fields(body.schema));
  s.append(el("h3", {}, "Answers"));
  for (const [status, answer] of Object.entries(op.responses || {})) {
    const [media, content] = Object.entries(answer.content || {})[0] || ["", {}];
    const line = [el("code", {}, status), ` ${answer.description} `, el("span", { className: "soft" }, media)];
    if (status < "300" && resolve(content.schema).properties) {
      s.append(el("details", {}, el("summary", {}, ...line, ` ${nameOf(content.schema)}`), fields(content.schema, [nameOf(content.schema)])));
    } else {
      s.append(el("div", {}, ...line));
    }
  }
  s.append(el("h3", {}, "Try it"), el("pre", {}, curl(method, path, op)));
  return s;
};

const show = () => {
  const main = document.getElementById("main");
  const index = document.getElementById("index");
  main.replaceChildren(el("h1", {}, doc.info.title + " API"), el("p", {}, doc.info.description),
    el("p", {}, "The document itself: ", el("a", { href: "/openapi.json" }, "/openapi.json"), ". Errors are ",
      el("code", {}, "application/problem+json"), ":"), fields({ $ref: "#/components/schemas/Problem" }));
  const tags = new Map();
  for (const [path, methods] of Object.entries(doc.paths)) {
    for (const [method, op] of Object.entries(methods)) {
      const tag = (op.tags || ["other"])[0];
      if (!tags.has(tag)) tags.set(tag, []);
      tags.get(tag).push([method, path, op]);
    }
  }
  const rank = (tag) => (["agent", "gateway"].includes(tag) ? "~" : "") + tag; // what people do not ask for, last
  for (const [tag, ops] of [...tags].sort(([a], [b]) => (rank(a) < rank(b) ? -1 : 1))) {
    const group = el("div", {}, el("h2", {}, tag));
    for (const [method, path, op] of ops) {
      const link = el("a", { href: `#${op.operationId}` }, op.summary);
      link.dataset.text = `${method} ${path} ${op.summary}`.toLowerCase();
      group.append(link);
      main.append(section(method, path, op));
    }
    index.append(group);
  }
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
};

document.getElementById("filter").addEventListener("input", (event) => {
  const want = event.target.value.toLowerCase();
  for (const link of document.querySelectorAll("#index a")) link.hidden = !link.dataset.text.includes(want);
});

fetch("/openapi.json").then((answer) => answer.json()).then((json) => { doc = json; show(); })
  .catch(() => document.getElementById("main").replaceChildren(el("p", {}, "The document cannot be loaded.")));

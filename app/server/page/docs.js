// Shows /openapi.json: every request with the fields of its body.

const api = await (await fetch("/openapi.json")).json();

function node(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const resolve = (schema) => (schema?.$ref ? api.components.schemas[schema.$ref.split("/").at(-1)] : schema);

function kind(schema) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.anyOf) return schema.anyOf.map(kind).filter((word) => word !== "null").join(" or ");
  return schema.type === "array" ? `list of ${kind(schema.items ?? {})}` : (schema.type ?? "any");
}

function table(schema) {
  const rows = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const range = field.minimum === undefined ? "" : ` ${field.minimum} to ${field.maximum}`;
    const words = [field.description, field.enum && `One of ${field.enum.join(", ")}.`].filter(Boolean).join(" ");
    return node("tr", {}, node("td", {}, node("code", { textContent: name })), node("td", { textContent: kind(field) + range }), node("td", { textContent: words }));
  });
  return node("table", {}, ...rows);
}

const place = document.getElementById("api");
place.append(node("p", { textContent: api.info.description }));
const groups = {};
for (const [path, verbs] of Object.entries(api.paths))
  for (const [verb, about] of Object.entries(verbs)) (groups[about.tags?.[0] ?? "other"] ??= []).push({ path, verb, about });
for (const [tag, entries] of Object.entries(groups)) {
  place.append(node("h2", { textContent: tag }));
  for (const { path, verb, about } of entries) {
    const head = node("summary", {}, node("span", { className: "verb", textContent: verb.toUpperCase() }), node("code", { textContent: path }));
    const parts = [node("p", { className: "hint", textContent: about.description ?? "" })];
    const body = resolve(about.requestBody?.content?.["application/json"]?.schema);
    if (body) parts.push(table(body));
    place.append(node("details", {}, head, ...parts));
  }
}
place.append(node("h2", { textContent: "bodies" }));
for (const [name, schema] of Object.entries(api.components.schemas))
  place.append(node("details", {}, node("summary", {}, node("code", { textContent: name })), table(schema)));

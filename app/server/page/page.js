// The page of `rayverie serve`: every button is one request of the API that /docs describes.

import { MaskEditor } from "/mask.js";

const $ = (id) => document.getElementById(id);
const editor = new MaskEditor($("mask"), $("brush"), $("eraser"));
let tab = "text";
let running = null; // id of the job that is shown

async function ask(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const value = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(value.detail ?? `The server answered ${answer.status}.`);
  return value;
}

/** Runs an action of the page; errors are shown below the form. */
function act(action) {
  return async (event) => {
    event?.preventDefault?.();
    $("error").textContent = "";
    try {
      await action(event);
    } catch (error) {
      $("error").textContent = error.message;
    }
  };
}

/** Follows a job to its end; shows its progress and previews. */
function follow(job) {
  running = job.id;
  $("cancel").disabled = false;
  return new Promise((resolve, reject) => {
    const events = new EventSource(`/v1/jobs/${job.id}/events`);
    const finish = (then) => {
      events.close();
      running = null;
      $("cancel").disabled = true;
      $("progress").value = 0;
      $("preview").hidden = true;
      then();
    };
    events.addEventListener("progress", (event) => {
      const now = JSON.parse(event.data);
      $("progress").value = now.steps ? now.step / now.steps : 0;
      $("status").textContent = now.state === "waiting" ? "Waiting …" : `${now.kind}: step ${now.step} of ${now.steps || "…"}`;
      if (now.preview) {
        $("preview").src = `data:image/png;base64,${now.preview}`;
        $("preview").hidden = false;
      }
    });
    events.addEventListener("end", (event) => {
      const done = JSON.parse(event.data);
      $("status").textContent = done.state === "done" ? "Ready" : done.state;
      finish(() => (done.state === "failed" ? reject(new Error(done.error)) : resolve(done.result)));
    });
    events.onerror = () => finish(() => reject(new Error("The connection to the server was lost.")));
  });
}

function node(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function show(result, words) {
  for (const made of result.pictures ?? []) {
    const picture = node("img", { src: made.url, alt: words, title: made.parameters ?? words });
    picture.onclick = () => {
      $("zoom").firstElementChild.src = made.url;
      $("zoom").showModal();
    };
    const buttons = node(
      "div",
      { className: "row" },
      node("button", { type: "button", textContent: "Start from it", onclick: act(() => start(made.url)) }),
      node("button", { type: "button", textContent: "Enlarge", onclick: act(() => enlarge(made.id, words)) }),
      node("a", { href: made.url, download: `${made.id}.png`, textContent: "Save" }),
    );
    const seed = made.seed === undefined ? "" : `, seed ${made.seed}`;
    const caption = node("figcaption", {}, `${words} · ${made.size.join("×")}${seed}`, buttons);
    $("gallery").prepend(node("figure", {}, picture, caption));
  }
  for (const film of result.films ?? []) {
    const video = node("video", { src: film.url, controls: true, loop: true });
    $("gallery").prepend(node("figure", {}, video, node("figcaption", {}, words)));
  }
}

function choose(name) {
  tab = name;
  for (const button of document.querySelectorAll("[data-tab]")) button.classList.toggle("on", button.dataset.tab === name);
  for (const part of document.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(name);
}

async function start(url) {
  await editor.open(url);
  editor.clear();
  for (const id of ["mask", "brushes", "masked"]) $(id).hidden = false;
  $("drop").hidden = true;
  choose("image");
}

async function enlarge(id, words) {
  show(await follow(await ask("POST", "/v1/upscale", { picture: id, upscaler: "Dream", factor: 2, prompt: words })), words);
}

function wish() {
  const seed = Number($("seed").value);
  const dream = {
    steps: Number($("steps").value),
    sampler: $("sampler").value,
    scale: Number($("scale").value),
    seed: seed < 0 ? Math.floor(Math.random() * 2 ** 31) : seed,
  };
  const found = {
    prompt: $("prompt").value,
    negative: $("negative").value,
    size: [Number($("width").value), Number($("height").value)],
    count: Number($("count").value),
    dream,
  };
  if (tab === "anagram") {
    found.anagram = $("anagram").value.split("\n").filter((line) => line.trim());
    found.view = [$("view").value];
    if (!found.anagram.length) throw new Error("Say what the picture shows when it is turned.");
  }
  if (tab === "image") {
    if (!editor.picture) throw new Error("Choose a picture first.");
    found.init = editor.data;
    const mask = editor.mask;
    if (mask) Object.assign(found, { mask, mask_blur: 4 });
    dream.strength = Number($("strength").value);
  }
  return found;
}

async function match() {
  const result = await follow(await ask("POST", "/v1/match", { prompt: $("prompt").value, count: 8 }));
  const rows = result.matches.map((found) => {
    const take = () => ($("prompt").value = found.caption);
    const words = `${found.similarity.toFixed(2)} ${found.caption}`;
    return node("li", {}, node("button", { type: "button", textContent: words, onclick: take }));
  });
  $("matches").replaceChildren(...rows);
  if (result.far) $("error").textContent = "The prompt is far from all that the model has seen.";
}

// worlds

const here = () => ({ path: $("path").value, seconds: Number($("seconds").value) });
const world = () => {
  if (!$("world").value) throw new Error("Make a world first.");
  return `/v1/worlds/${$("world").value}`;
};
const where = () => `${$("world").selectedOptions[0].textContent}, ${$("path").value} at ${$("seconds").value} s`;

async function look() {
  show(await follow(await ask("POST", `${world()}/render`, { camera: here() })), where());
}

async function paint(body) {
  const result = await follow(await ask("POST", `${world()}/dream`, body));
  await look();
  const share = result.coverage === undefined ? "" : `, ${Math.round(100 * result.coverage)} % of the scene is painted`;
  $("status").textContent = `Dreams: ${result.dreams}${share}`;
}

async function list(chosen) {
  const worlds = await ask("GET", "/v1/worlds");
  const names = worlds.map(({ id, scene }) => new Option(`${scene} ${id.slice(0, 4)}`, id, false, id === chosen));
  $("world").replaceChildren(...names);
  await paths();
}

async function paths() {
  const id = $("world").value;
  if (!id) return $("path").replaceChildren();
  const scene = (await ask("GET", "/v1/worlds")).find((one) => one.id === id).scene;
  const found = (await ask("GET", `/v1/scenes/${scene}`)).paths;
  $("path").replaceChildren(...Object.keys(found).sort().map((name) => new Option(name)));
}

const actions = {
  match,
  look,
  paint: () => paint({ camera: here() }),
  tour: () => paint({ views: Number($("views").value) }),
  undo: async () => {
    await follow(await ask("POST", `${world()}/undo`));
    await look();
  },
  film: async () => show(await follow(await ask("POST", `${world()}/render`, { path: $("path").value, frames: 96 })), where()),
  create: async () => list((await ask("POST", "/v1/worlds", { scene: $("scene").value })).id),
  delete: async () => {
    await follow(await ask("DELETE", world()));
    await list();
  },
  clear: () => editor.picture && editor.clear(),
  cancel: () => running && ask("DELETE", `/v1/jobs/${running}`),
};

for (const [id, action] of Object.entries(actions)) $(id).onclick = act(action);
for (const button of document.querySelectorAll("[data-tab]")) button.onclick = () => choose(button.dataset.tab);
$("world").onchange = act(paths);
$("strength").oninput = () => ($("strength").nextElementSibling.value = $("strength").value);
$("zoom").onclick = () => $("zoom").close();
$("form").onsubmit = act(async () => {
  const asked = wish();
  show(await follow(await ask("POST", "/v1/generate", asked)), [asked.prompt, ...(asked.anagram ?? [])].join(" / "));
});
$("file").onchange = act(() => $("file").files[0] && start(URL.createObjectURL($("file").files[0])));
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  const file = [...event.dataTransfer.files].find((one) => one.type.startsWith("image/"));
  if (file) act(() => start(URL.createObjectURL(file)))();
});

act(async () => {
  choose("text");
  $("strength").oninput();
  const { model, defaults } = await ask("GET", "/v1/status");
  const { dream, size } = defaults;
  [$("width").value, $("height").value] = size;
  for (const name of ["steps", "scale"]) $(name).value = dream[name];
  const choices = await ask("GET", "/v1/choices");
  for (const name of ["sampler", "view"]) $(name).replaceChildren(...choices[name].map((word) => new Option(word)));
  $("sampler").value = dream.sampler;
  $("scene").replaceChildren(...(await ask("GET", "/v1/scenes")).map((word) => new Option(word)));
  await list();
  $("status").textContent = `Ready: ${model}`;
})();

// A painted world to walk in: plain WebGL2, no libraries. `world.js` calls rayverie.open, each file of textures/ rayverie.texture.
"use strict";

const rayverie = (() => {
  const canvas = document.getElementById("view");
  const status = document.getElementById("status");
  const help = document.getElementById("help");
  const AT_ONCE = 4;                // textures that are loaded at the same time
  const LOOK = 0.15;                // degrees that a pixel of mouse movement turns
  const TOUCH_LOOK = 0.35;          // the same for a finger
  const STICK = 60;                 // pixels from a finger's start to full speed
  const NEAR = 0.05, FAR = 4000;    // blocks

  const walker = { position: [0, 0, 0], velocity: [0, 0, 0], yaw: 0, pitch: 0 };
  const MESH_CELLS = 4;             // columns along a block where meshes are in the way

  let world, gl, program, columns, meshColumns;
  let flying = false, speed = 4;

  // ---------------------------------------------------------------- data

  function decode(text, Type) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return new Type(bytes.buffer);
  }

  function open(data) {
    world = data;
    gl = canvas.getContext("webgl2", { antialias: true, alpha: false });
    if (!gl) {
      status.textContent = "This browser has no WebGL2, which the page needs to draw.";
      return;
    }
    speed = world.rules.speed;
    walker.position = [...world.spawn.position];
    walker.yaw = world.spawn.yaw;
    walker.pitch = world.spawn.pitch;
    columns = makeColumns(decode(world.boxes, Float32Array), 1);
    meshColumns = makeColumns(decode(world.obstacles, Float32Array), MESH_CELLS);
    readPlace();
    setUp();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", setUp);
    listen();
    requestAnimationFrame(frame);
  }

  // ---------------------------------------------------------------- drawing

  // The sky's points are directions. Everything else is relative to the eye, so that float32 is exact far from the origin.
  const VERTEX = `#version 300 es
    in vec3 point;
    in vec2 corner;
    uniform mat4 matrix;
    uniform vec3 eye;
    uniform bool sky;
    out vec2 place;
    void main() {
      place = corner;
      gl_Position = matrix * vec4(sky ? point : point - eye, 1.0);
      if (sky) gl_Position.z = gl_Position.w * 0.999999;
    }`;
  const FRAGMENT = `#version 300 es
    precision highp float;
    in vec2 place;
    uniform sampler2D picture;
    out vec4 colour;
    void main() { colour = texture(picture, place); }`;

  function setUp() {
    program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
    gl.useProgram(program);
    fill("point", decode(world.points, Float32Array), 3);
    fill("corner", decode(world.corners, Float32Array), 2);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, decode(world.triangles, Uint32Array), gl.STATIC_DRAW);
    for (const page of world.pages) {
      page.state = "wanted";
      page.texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, page.texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 1, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array([...page.colour, 255]));
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
      gl.texParameterf(gl.TEXTURE_2D, gl.TEXTURE_MAX_LOD, page.coarsest);
    }
    gl.enable(gl.CULL_FACE);
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LEQUAL);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    loadMore();
  }

  function fill(name, values, size) {
    const at = gl.getAttribLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, size, gl.FLOAT, false, 0, 0);
  }

  // Column by column: perspective times a turn about x and y. The camera looks along its own −z, y is up.
  function viewMatrix() {
    const yaw = (walker.yaw * Math.PI) / 180, pitch = (walker.pitch * Math.PI) / 180;
    const cy = Math.cos(yaw), sy = Math.sin(yaw), cp = Math.cos(pitch), sp = Math.sin(pitch);
    const right = [cy, 0, -sy], up = [sy * sp, cp, cy * sp], back = [sy * cp, -sp, cy * cp];
    const focal = 1 / Math.tan((world.fov * Math.PI) / 360), aspect = canvas.width / canvas.height;
    const a = (FAR + NEAR) / (NEAR - FAR), b = (2 * FAR * NEAR) / (NEAR - FAR);
    const matrix = new Float32Array(16);
    for (let k = 0; k < 3; ++k) {
      matrix.set([(focal / aspect) * right[k], focal * up[k], a * back[k], -back[k]], 4 * k);
    }
    matrix.set([0, 0, b, 0], 12);
    return matrix;
  }

  function draw() {
    const scale = Math.min(window.devicePixelRatio || 1, 2);
    const width = Math.max(1, Math.round(canvas.clientWidth * scale)), height = Math.max(1, Math.round(canvas.clientHeight * scale));
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    gl.viewport(0, 0, width, height);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniformMatrix4fv(gl.getUniformLocation(program, "matrix"), false, viewMatrix());
    gl.uniform3fv(gl.getUniformLocation(program, "eye"), walker.position);
    for (const opaque of [true, false]) {
      (opaque ? gl.disable : gl.enable).call(gl, gl.BLEND);
      gl.depthMask(opaque);
      const pages = world.pages.filter((page) => page.opaque === opaque);
      if (!opaque) pages.sort((one, other) => distance(other) - distance(one));
      pages.forEach(drawPage);
    }
    gl.depthMask(true);
  }

  function drawPage(page) {
    gl.uniform1i(gl.getUniformLocation(program, "sky"), page.sky ? 1 : 0);
    gl.bindTexture(gl.TEXTURE_2D, page.texture);
    gl.drawElements(gl.TRIANGLES, page.count, gl.UNSIGNED_INT, 4 * page.first);
  }

  // ---------------------------------------------------------------- textures, the nearest first

  function distance(page) {
    if (page.sky) return 0;
    const beyond = walker.position.map((p, k) => Math.max(page.low[k] - p, 0, p - page.high[k]));
    return Math.hypot(...beyond);
  }

  function loadMore() {
    const loading = world.pages.filter((page) => page.state === "loading").length;
    const wanted = world.pages.filter((page) => page.state === "wanted").sort((a, b) => distance(a) - distance(b));
    for (const page of wanted.slice(0, AT_ONCE - loading)) {
      page.state = "loading";
      const script = document.createElement("script");
      script.src = `textures/${world.pages.indexOf(page)}.js`;
      script.onerror = () => finish(page, "missing");
      script.onload = () => script.remove();
      document.head.append(script);
    }
    const missing = world.pages.filter((page) => page.state === "missing").length;
    const done = missing + world.pages.filter((page) => page.state === "here").length;
    status.textContent = done < world.pages.length ? `${done} of ${world.pages.length} textures`
      : missing ? `${missing} ${missing > 1 ? "textures" : "texture"} could not be loaded` : "";
    document.body.dataset.textures = `${done}/${world.pages.length}`;
  }

  function finish(page, state) {
    page.state = state;
    loadMore();
  }

  function texture(number, url) {
    const page = world.pages[number], image = new Image();
    image.onerror = () => finish(page, "missing");
    image.onload = () => {
      gl.bindTexture(gl.TEXTURE_2D, page.texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, image);
      gl.generateMipmap(gl.TEXTURE_2D);
      const sharper = gl.getExtension("EXT_texture_filter_anisotropic");
      if (sharper) gl.texParameterf(gl.TEXTURE_2D, sharper.TEXTURE_MAX_ANISOTROPY_EXT, 8);
      finish(page, "here");
    };
    image.src = url;
  }

  // ---------------------------------------------------------------- ground: the rules are those of app/moving/walk.py

  // Stretches [low, high] of each column of blocks, from boxes of six numbers: low x, y, z, high x, y, z.
  function makeColumns(boxes, cells) {
    const found = new Map();
    for (let k = 0; k < boxes.length; k += 6) {
      for (let z = Math.floor(boxes[k + 2] * cells); z < boxes[k + 5] * cells; ++z) {
        for (let x = Math.floor(boxes[k] * cells); x < boxes[k + 3] * cells; ++x) {
          const key = `${x},${z}`;
          if (!found.has(key)) found.set(key, []);
          found.get(key).push([boxes[k + 1], boxes[k + 4]]);
        }
      }
    }
    return found;
  }

  const columnOf = (found, x, z) => found.get(`${Math.floor(x)},${Math.floor(z)}`) || [];
  const column = (x, z) => [...columnOf(columns, x, z), ...columnOf(meshColumns, x * MESH_CELLS, z * MESH_CELLS)];

  // Height of the highest surface at (x, z) that is not above `below`.
  function top(x, z, below) {
    let highest = 0;
    for (const [low, high] of column(x, z)) {
      const reach = Math.min(high, Math.floor(below * world.voxels + 1e-6) / world.voxels);
      if (reach > low) highest = Math.max(highest, reach);
    }
    return highest;
  }

  const solid = (x, z, low, high) => column(x, z).some((span) => span[0] < high - 1e-6 && span[1] > low + 1e-6);

  function body(x, z) {
    const r = world.rules.radius;
    return [[x - r, z - r], [x - r, z + r], [x + r, z - r], [x + r, z + r]];
  }

  function fits(x, z, eyes) {
    const { eyes: tall, climb, headroom } = world.rules;
    return !body(x, z).some(([px, pz]) => solid(px, pz, eyes - tall + climb, eyes + headroom));
  }

  // Velocity and way after `seconds` of v' = (wanted − v) / relax, exactly.
  function relax(velocity, wanted, seconds) {
    const left = Math.exp(-seconds / world.rules.relax), excess = velocity - wanted;
    return [wanted + excess * left, wanted * seconds + excess * world.rules.relax * (1 - left)];
  }

  function wantedVelocity(wish) {
    const yaw = (walker.yaw * Math.PI) / 180;
    const along = [-Math.sin(yaw), -Math.cos(yaw)], aside = [Math.cos(yaw), -Math.sin(yaw)];
    const [x, z] = [0, 1].map((k) => wish.forward * along[k] + wish.right * aside[k]);
    const velocity = [x, flying ? wish.up : 0, z];
    const scale = (speed * (wish.fast ? world.rules.fast : 1)) / Math.max(1, Math.hypot(...velocity));
    return velocity.map((v) => v * scale);
  }

  function step(wish, seconds) {
    if (flying) {
      const wanted = wantedVelocity(wish);
      for (let k = 0; k < 3; ++k) {
        const [velocity, way] = relax(walker.velocity[k], wanted[k], seconds);
        walker.velocity[k] = velocity;
        walker.position[k] += way;
      }
      return;
    }
    const whole = Math.min(seconds, 0.25);  // after a hiccup of the machine nobody should fall through a floor
    const pieces = Math.max(1, Math.ceil(whole / world.rules.stride));
    for (let n = 0; n < pieces; ++n) walk(wish, whole / pieces);
  }

  // Each axis for itself: that is what sliding along a wall is.
  function walk(wish, seconds) {
    const wanted = wantedVelocity(wish), at = walker.position;
    for (const axis of [0, 2]) {
      const [velocity, way] = relax(walker.velocity[axis], wanted[axis], seconds);
      const there = [...at];
      there[axis] += way;
      const free = fits(there[0], there[2], at[1]);
      walker.velocity[axis] = free ? velocity : 0;
      if (free) at[axis] = there[axis];
    }
    fall(wish.up > 0, seconds);
  }

  function fall(jump, seconds) {
    const { eyes: tall, climb, headroom, gravity, rise } = world.rules;
    const [x, eyes, z] = walker.position, rising = walker.velocity[1];
    const standing = Math.max(...body(x, z).map(([px, pz]) => top(px, pz, eyes - tall + climb))) + tall;
    if (rising <= 0 && eyes <= standing + 1e-3) {
      const leaves = jump && standing - eyes < 0.05;
      walker.velocity[1] = leaves ? world.rules.jump : 0;
      if (!leaves) walker.position[1] = standing + (eyes - standing) * Math.exp(-seconds / rise);
      return;
    }
    const after = eyes + rising * seconds - (gravity * seconds ** 2) / 2;
    if (after > eyes && body(x, z).some(([px, pz]) => solid(px, pz, eyes, after + headroom))) {
      walker.velocity[1] = 0;
      return;
    }
    const lands = rising <= 0 && after < standing && standing <= eyes;
    walker.velocity[1] = lands ? 0 : rising - gravity * seconds;
    walker.position[1] = lands ? standing : after;
  }

  // ---------------------------------------------------------------- hands

  const held = new Set();        // codes of the keys that are down, wherever a layout puts their letters
  const fingers = new Map();     // of a touch screen: where each began, where it is, what it does
  let jumping = false;           // the button of touch screens
  const KEYS = {
    forward: ["KeyW", "ArrowUp"], back: ["KeyS", "ArrowDown"], left: ["KeyA", "ArrowLeft"], right: ["KeyD", "ArrowRight"],
    up: ["KeyE", "Space"], down: ["KeyQ", "KeyC"], fast: ["ShiftLeft", "ShiftRight"],
  };
  const pressed = (name) => (KEYS[name].some((code) => held.has(code)) ? 1 : 0);
  const within = (value, most) => Math.max(-most, Math.min(most, value));

  function wish() {
    const stick = [...fingers.values()].find((finger) => finger.walks);
    const pull = (axis) => (stick ? within((stick.now[axis] - stick.start[axis]) / STICK, 1) : 0);
    return {
      forward: pressed("forward") - pressed("back") - pull(1),
      right: pressed("right") - pressed("left") + pull(0),
      up: pressed("up") - pressed("down") + (jumping ? 1 : 0),
      fast: pressed("fast") > 0,
    };
  }

  function turn(dx, dy, degrees) {
    walker.yaw -= dx * degrees;
    walker.pitch = within(walker.pitch - dy * degrees, world.rules.pitch);
  }

  function listen() {
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.code === "KeyG" && !event.repeat) flying = !flying;
      if (Object.values(KEYS).flat().includes(event.code)) event.preventDefault();
      held.add(event.code);
      help.classList.add("away");
    });
    addEventListener("keyup", (event) => held.delete(event.code));
    addEventListener("blur", () => held.clear());
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      speed = Math.max(0.25, Math.min(40, speed * 1.2 ** -Math.sign(event.deltaY)));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.focus();
      help.classList.add("away");
      if (event.pointerType === "mouse") {
        const locked = canvas.requestPointerLock?.();
        locked?.catch?.(() => {});  // where it is refused, one drags
      }
      const place = [event.clientX, event.clientY];
      const walks = event.pointerType !== "mouse" && event.clientX < innerWidth / 2;
      fingers.set(event.pointerId, { start: place, now: place, walks });
    });
    addEventListener("pointermove", (event) => {
      if (document.pointerLockElement === canvas) {
        turn(event.movementX, event.movementY, LOOK);
        return;
      }
      const finger = fingers.get(event.pointerId);
      if (!finger) return;
      const place = [event.clientX, event.clientY];
      if (!finger.walks) turn(place[0] - finger.now[0], place[1] - finger.now[1], event.pointerType === "mouse" ? LOOK : TOUCH_LOOK);
      finger.now = place;
    });
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, (event) => fingers.delete(event.pointerId));
    const button = document.getElementById("jump");
    button.addEventListener("pointerdown", () => (jumping = true));
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) button.addEventListener(end, () => (jumping = false));
  }

  // ---------------------------------------------------------------- the place, in the address: #x,y,z,yaw,pitch and ",fly"

  function readPlace() {
    const parts = location.hash.slice(1).split(",");
    const numbers = parts.slice(0, 5).map(Number);
    if (numbers.length < 5 || parts[0] === "" || !numbers.every(Number.isFinite)) return;
    walker.position = numbers.slice(0, 3);
    [walker.yaw, walker.pitch] = [numbers[3], within(numbers[4], world.rules.pitch)];
    flying = parts[5] === "fly";
  }

  let shown = "";
  function writePlace() {
    const place = [...walker.position, walker.yaw, walker.pitch].map((n) => +n.toFixed(2));
    const hash = `#${[...place, ...(flying ? ["fly"] : [])].join(",")}`;
    if (hash !== shown && Math.hypot(...walker.velocity) < 0.02) {
      shown = hash;
      history.replaceState(null, "", hash);
    }
  }

  let before = 0, written = 0;
  function frame(now) {
    step(wish(), before ? (now - before) / 1000 : 0);
    before = now;
    if (now - written > 500) {
      written = now;
      writePlace();
    }
    if (!gl.isContextLost()) draw();
    requestAnimationFrame(frame);
  }

  const place = () => ({ ...walker, flying });

  return { open, texture, place };
})();

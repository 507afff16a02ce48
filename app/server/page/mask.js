// A picture with a mask painted over it. White of the mask is what changes.

export class MaskEditor {
  /** canvas: shows the picture under the mask; brush, eraser: inputs with its size and whether it takes away. */
  constructor(canvas, brush, eraser) {
    Object.assign(this, { canvas, brush, eraser, picture: null, last: null });
    this.layer = document.createElement("canvas");
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.stroke(event);
    });
    canvas.addEventListener("pointermove", (event) => event.buttons & 1 && this.stroke(event));
    canvas.addEventListener("pointerup", () => (this.last = null));
  }

  async open(url) {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    this.picture = picture;
    for (const canvas of [this.canvas, this.layer]) [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
    this.draw();
  }

  clear() {
    this.layer.getContext("2d").clearRect(0, 0, this.layer.width, this.layer.height);
    this.draw();
  }

  stroke(event) {
    if (!this.picture) return;
    const scale = this.canvas.width / this.canvas.clientWidth;
    const at = [event.offsetX * scale, event.offsetY * scale];
    const pen = this.layer.getContext("2d");
    pen.globalCompositeOperation = this.eraser.checked ? "destination-out" : "source-over";
    pen.lineCap = pen.lineJoin = "round";
    pen.lineWidth = this.brush.value * scale;
    pen.strokeStyle = "#fff";
    pen.beginPath();
    pen.moveTo(...(this.last ?? at));
    pen.lineTo(at[0] + 0.01, at[1]);
    pen.stroke();
    this.last = at;
    this.draw();
  }

  draw() {
    const pen = this.canvas.getContext("2d");
    pen.globalAlpha = 1;
    pen.drawImage(this.picture, 0, 0);
    pen.globalAlpha = 0.6;
    pen.drawImage(this.layer, 0, 0);
  }

  /** The picture as PNG. */
  get data() {
    const whole = document.createElement("canvas");
    [whole.width, whole.height] = [this.canvas.width, this.canvas.height];
    whole.getContext("2d").drawImage(this.picture, 0, 0);
    return whole.toDataURL("image/png");
  }

  /** The mask as a PNG, white on black; null where nothing is painted. */
  get mask() {
    const { width, height } = this.layer;
    const pixels = this.layer.getContext("2d").getImageData(0, 0, width, height);
    let painted = false;
    for (let i = 0; i < pixels.data.length; i += 4) {
      const value = pixels.data[i + 3];
      painted ||= value > 0;
      pixels.data.fill(value, i, i + 3);
      pixels.data[i + 3] = 255;
    }
    if (!painted) return null;
    const whole = document.createElement("canvas");
    [whole.width, whole.height] = [width, height];
    whole.getContext("2d").putImageData(pixels, 0, 0);
    return whole.toDataURL("image/png");
  }
}

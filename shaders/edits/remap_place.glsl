// Vertex shader: rectangles of texels at their place on the target page (engine/edits/atlas_remap.py).
in vec2 in_place;   // texels
in vec2 in_source;  // offset from there to their place on the source page
uniform float page_size;
flat out vec2 v_source;

void main() {
    v_source = in_source;
    gl_Position = vec4(in_place / page_size * 2.0 - 1.0, 0.0, 1.0);
}

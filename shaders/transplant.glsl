// Rectangles of texels at their place on the page that receives them (engine/transplant.py).
in vec2 in_place;   // texels
in vec2 in_source;  // from there to where they are on the page they come from
uniform float page_size;
flat out vec2 v_source;

void main() {
    v_source = in_source;
    gl_Position = vec4(in_place / page_size * 2.0 - 1.0, 0.0, 1.0);
}

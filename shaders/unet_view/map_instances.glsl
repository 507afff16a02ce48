// Vertex shader: feature maps in space, one instance each, all facing +z.
uniform mat4 matrix;
uniform float inset;  // blocks by which each side is shrunk
uniform vec3 shift;   // moves all of them

in vec3 place;   // centre
in vec2 extent;  // width, height
in vec4 rect;    // left, top, width, height in the atlas, texels
in float veil;   // 0..1, share of the ground's colour
in vec4 rim;     // colour of the rim, and its width in pixels

out vec2 uv;  // 0..1, row 0 at the top
flat out vec4 map;
flat out float veiled;
flat out vec4 edge;

void main() {
    uv = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    map = rect;
    veiled = veil;
    edge = rim;
    vec2 whole = max(extent - 2.0 * inset, vec2(0.0));
    gl_Position = matrix * vec4(place + shift + vec3((uv - 0.5) * vec2(1.0, -1.0) * whole, 0.0), 1.0);
}

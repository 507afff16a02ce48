// Vertex shader: straight strokes with round ends, one instance each; their width in pixels doesn't depend on distance.
uniform mat4 matrix;
uniform vec2 size;   // pixels
uniform vec3 shift;  // towards the eye, so that strokes win over the surfaces they lie on

in vec3 head;
in vec3 tail;
in vec2 radius;  // pixels, at the head and the tail
in vec4 ink;

noperspective out vec2 pixel;
flat out vec4 ends;  // pixels: head, tail
flat out vec2 radii;
flat out vec4 tint;

const float NEAREST = 0.05;

void main() {
    vec4 a = matrix * vec4(head + shift, 1.0);
    vec4 b = matrix * vec4(tail + shift, 1.0);
    bool seen = max(a.w, b.w) > NEAREST;
    if (a.w < NEAREST) a = mix(b, a, (b.w - NEAREST) / (b.w - a.w));
    if (b.w < NEAREST) b = mix(a, b, (a.w - NEAREST) / (a.w - b.w));
    ends = vec4((a.xy / a.w + 1.0) * size, (b.xy / b.w + 1.0) * size) / 2.0;
    vec2 way = ends.xy - ends.zw;
    way = dot(way, way) > 1e-6 ? normalize(way) : vec2(1.0, 0.0);
    bool first = (gl_VertexID & 1) == 0;
    vec4 here = first ? a : b;
    float reach = max(radius.x, radius.y) + 1.0;
    vec2 corner = way * (first ? reach : -reach) + vec2(-way.y, way.x) * ((gl_VertexID & 2) == 0 ? reach : -reach);
    pixel = (first ? ends.xy : ends.zw) + corner;
    radii = radius;
    tint = ink;
    vec2 clip = pixel / size * 2.0 - 1.0;
    gl_Position = seen ? vec4(clip * here.w, here.z, here.w) : vec4(2.0, 2.0, 2.0, 1.0);
}

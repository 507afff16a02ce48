// Tests whether a point is visible in a camera's picture. tests/engine/reference.py does the same in numpy.
#include "common/texel.glsl"
uniform sampler2D view;  // chart and view depth (FAR for the sky) at `size` pixels, row 0 at the top

const float FAR = 1e9;
const float NEAREST = 1e-3;  // blocks: points nearer than this or behind the camera are not visible

// Pixel coordinates (row 0 at the top) and depth of a point relative to the eye.
vec3 project(vec3 ray) {
    vec3 p = ray * v_axes;
    return vec3(v_size.x / 2.0 + v_focal * p.x / p.z, v_size.y / 2.0 - v_focal * p.y / p.z, p.z);
}

vec2 view_at(vec2 pixel) { return texel_at(view, pixel, v_size).xy; }

// Depth at a pixel's centre of the plane through the point; FAR beyond the plane's horizon. Comparing with it instead of with the
// point's own depth needs no tolerance for steep slopes.
float plane_depth(vec3 ray, vec3 normal, vec2 pixel) {
    vec2 d = (pixel + 0.5 - v_size / 2.0) / v_focal;
    float towards = dot(normal, v_axes * vec3(d.x, -d.y, 1.0));
    float z = dot(normal, ray) / towards;
    return towards < 0.0 && z > 0.0 ? z : FAR;
}

const float MARGIN = 8.0;  // pixels; engine/atlas/policy.py

// Whether a pixel may be used: near the edge of its canvas a model paints its convolutions' padding into the picture.
bool inside_margin(vec2 p) { return all(greaterThanEqual(p, vec2(MARGIN))) && all(lessThan(p, v_size - MARGIN)); }

// Whether the picture shows the point of a chart, anywhere in it, and at which pixel coordinates p.
bool visible_at(vec3 ray, vec3 normal, int chart, bool sky, out vec2 p) {
    vec3 q = project(ray);
    p = q.xy;
    if (q.z < NEAREST || any(lessThan(p, vec2(0))) || any(greaterThanEqual(p, v_size))) return false;
    vec2 pixel = floor(p), there = view_at(pixel);
    if (int(there.x + 0.5) == chart) return true;
    float expected = sky ? FAR : min(q.z, plane_depth(ray, normal, pixel));
#ifdef MESHES
    expected -= v_slack;  // a texel of a triangle reaches into its neighbours' planes
#endif
    return there.y >= expected * (1.0 - 1e-3);
}

// The same, outside the margin only.
bool usable_at(vec3 ray, vec3 normal, int chart, bool sky, out vec2 p) {
    return visible_at(ray, normal, chart, sky, p) && inside_margin(p);
}

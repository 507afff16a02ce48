// A camera's picture of the world, to ask whether a point is seen in it. engine/twin.py is the same in numpy.
uniform mat3 axes;       // columns right, up, forward
uniform vec2 size;       // pixels
uniform float focal;     // pixels per unit of tangent
uniform sampler2D view;  // chart, view depth (sky: 1e9), at `size`, row 0 at the top

const float FAR = 1e9;
const float NEAREST = 1e-3;  // blocks: closer points, and those behind, are not seen

// Pixel coordinates (row 0 at the top) and depth of a point relative to the eye.
vec3 project(vec3 ray) {
    vec3 p = ray * axes;
    return vec3(size.x / 2.0 + focal * p.x / p.z, size.y / 2.0 - focal * p.y / p.z, p.z);
}

vec2 view_at(ivec2 pixel) { return texelFetch(view, clamp(pixel, ivec2(0), ivec2(size) - 1), 0).xy; }

// Depth that the plane through the point has at a pixel's centre: steep slopes need no tolerance then. FAR past its horizon.
float plane_depth(vec3 ray, vec3 normal, ivec2 pixel) {
    vec2 d = (vec2(pixel) + 0.5 - size / 2.0) / focal;
    float towards = dot(normal, axes * vec3(d.x, -d.y, 1.0));
    float z = dot(normal, ray) / towards;
    return towards < 0.0 && z > 0.0 ? z : FAR;
}

const float MARGIN = 8.0;  // engine/policy.py

// Whether a pixel counts: at the rim of its canvas a model dreams the padding of its convolutions into the picture.
bool inside(vec2 p) { return all(greaterThanEqual(p, vec2(MARGIN))) && all(lessThan(p, size - MARGIN)); }

// Whether the picture shows the point of a chart, at its rim too, and at which pixel coordinates.
bool shows(vec3 ray, vec3 normal, int chart, bool sky, out vec2 p) {
    vec3 q = project(ray);
    p = q.xy;
    if (q.z < NEAREST || any(lessThan(p, vec2(0))) || any(greaterThanEqual(p, size))) return false;
    vec2 there = view_at(ivec2(p));
    if (int(there.x + 0.5) == chart) return true;
    float expected = sky ? FAR : min(q.z, plane_depth(ray, normal, ivec2(p)));
    return there.y >= expected * (1.0 - 1e-3);
}

// The same where it counts.
bool seen(vec3 ray, vec3 normal, int chart, bool sky, out vec2 p) {
    return shows(ray, normal, chart, sky, p) && inside(p);
}

// Which paint is better, as in engine/atlas/policy.py. Needs common/chart.glsl and common/view.glsl.
const float GRAZING = 0.02;      // smallest cosine of incidence at which a view may paint
const float CELL_DENSITY = 8.0;  // pixels per texel that a cell of 8x8 colour texels can hold
const float FINAL_SHARE = 0.7;   // stored paint of this share of the new density (at most CELL_DENSITY) stays
const float EDGE_PENALTY = 0.5;  // factor on the density of texels within EDGE_REACH of a depth edge
const float DEPTH_EDGE = 0.05;   // relative jump in depth that counts as an edge
const float CORNER = 0.45;       // texels from a texel's centre to its tested corners
const float EDGE_REACH = 8.0;    // pixels (one latent pixel): how far decoder and network spread what lies behind an edge

uniform bool paints_sky;         // false: the view may not paint the sky

float cosine_of(vec3 ray) { return -dot(v_normal, ray) / length(ray); }

// Screen pixels per texel x cosine of incidence at a point of the fragment's chart (for the sky, on its cube of half-width 1).
float density_of(vec3 ray) { return v_focal / dot(v_axes[2], ray) * v_texel_size * cosine_of(ray); }

// Whether the depth jumps within EDGE_REACH of pixel coordinates p, where the chart has the point `ray`.
bool at_depth_edge(vec3 ray, vec2 p) {
    for (int k = 0; k < 4; ++k) {
        vec2 offset = EDGE_REACH * (k < 2 ? vec2(k * 2 - 1, 0) : vec2(0, k * 2 - 5));
        vec2 pixel = clamp(floor(p + offset), vec2(0), v_size - 1.0);
        vec2 there = view_at(pixel);
        if (int(there.x + 0.5) == chart_id()) continue;
        float expected = is_sky() ? FAR : plane_depth(ray, v_normal, pixel);
        if (abs(there.y - expected) > DEPTH_EDGE * min(expected, there.y)) return true;
    }
    return false;
}

// The k-th of the five points at which a texel is tested, from its centre: itself and four corners.
vec2 test_point(int k) { return k == 0 ? vec2(0) : CORNER * vec2((k & 1) * 2 - 1, (k & 2) - 1); }

// The density at which the view may paint the texel: lower where it sees only part of the texel, 0 where it may not paint it.
// Tests five points of the texel. The first visible one is the anchor (in pixels), where the texel takes its latent. The visible
// share is squared, so that a view that sees the whole texel may repaint it from the same distance. contaminated: the texel lies
// beside a depth edge, so the paint mixes both sides and is provisional.
float claim(vec2 texel, out vec2 anchor, out bool contaminated) {
    float share = 0.0;
    vec3 at = vec3(0);
    anchor = vec2(-1);
    contaminated = false;
    if (is_sky() && !paints_sky) return 0.0;
    for (int k = 0; k < 5; ++k) {
        vec3 ray = ray_to(texel + 0.5 + test_point(k));
        vec2 p;
        if (!usable_at(ray, v_normal, chart_id(), is_sky(), p)) continue;
        if (share == 0.0) { at = ray; anchor = p; }
        share += 0.2;
    }
    if (share == 0.0 || cosine_of(at) < GRAZING) return 0.0;
    float density = density_of(at) * share * share;
    contaminated = at_depth_edge(at, anchor);
    return contaminated ? EDGE_PENALTY * min(density, CELL_DENSITY) : density;
}

bool accepts_write(float steps, float density, float new_steps, float new_density) {
    bool is_final = steps >= new_steps && density >= FINAL_SHARE * min(new_density, CELL_DENSITY);
    return new_density > 0.0 && !is_final && new_density * new_steps > density * steps;
}

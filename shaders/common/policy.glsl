// Which look is better: engine/policy.py in GLSL. Needs common/chart.glsl and common/view.glsl.
const float GRAZING = 0.02;       // a view claims nothing that it sees at a smaller cosine
const float ENOUGH = 8.0;         // pixels per texel that a cell of 8x8 can hold
const float FROZEN_SHARE = 0.7;   // of the new density (up to ENOUGH): that much stored density is kept
const float EDGE_PENALTY = 0.5;   // of what a cell can hold, for texels within EDGE_REACH of a depth edge
const float DEPTH_EDGE = 0.05;    // relative jump in depth that is an edge
const float CORNER = 0.45;        // of a texel, from its centre: where its corners are tested
const float EDGE_REACH = 8.0;     // pixels: a latent pixel, as far as decoder and network carry what lies behind an edge
const int SKY_REACHES = 3;        // so many times as far, in the sky: it is even, and shows the faintest stain
const float SKY_RIM = 0.0625;     // of the picture's shorter side: so near to its end the sky is provisional, too

float cosine_of(vec3 ray) { return -dot(NORMAL[chart_side()], ray) / length(ray); }

// Screen pixels per texel x cosine of incidence, at a point of the fragment's chart. For the sky on its cube of half-width 1.
float density_of(vec3 ray) { return focal / dot(axes[2], ray) * chart_texel() * cosine_of(ray); }

// Whether the picture jumps in depth within EDGE_REACH of p, or SKY_REACHES of it, where the chart has the point `ray`. In the sky
// the end of the picture is such an edge, too: towards it a model darkens, and only an even sky shows that.
bool at_depth_edge(vec3 ray, vec2 p) {
    int reaches = is_sky() ? SKY_REACHES : 1;
    float rim = SKY_RIM * min(size.x, size.y);
    if (is_sky() && (any(lessThan(p, vec2(rim))) || any(greaterThanEqual(p, size - rim)))) return true;
    for (int k = 0; k < 4 * reaches; ++k) {
        float reach = EDGE_REACH * float(k / 4 + 1);
        vec2 offset = reach * (k % 4 < 2 ? vec2(k % 4 * 2 - 1, 0) : vec2(0, k % 4 * 2 - 5));
        ivec2 pixel = clamp(ivec2(floor(p + offset)), ivec2(0), ivec2(size) - 1);
        vec2 there = view_at(pixel);
        if (int(there.x + 0.5) == chart_id()) continue;
        float expected = is_sky() ? FAR : plane_depth(ray, NORMAL[chart_side()], pixel);
        if (abs(there.y - expected) > DEPTH_EDGE * min(expected, there.y)) return true;
    }
    return false;
}

// The density with which the view may paint the texel: less where the view sees only part of it, 0 where it may not at all.
// Five points of the texel are tested; the first that is seen is the anchor (in pixels), where the texel takes its latent. What is
// hidden or cut off counts twice, so that a view that has the texel whole may paint it anew from the same distance. beside: the
// texel lies beside a depth edge, and the view's paint of it is provisional.
float claim(vec2 texel, out vec2 anchor, out bool beside) {
    float share = 0.0;
    vec3 at = vec3(0);
    anchor = vec2(-1);
    beside = false;
    for (int k = 0; k < 5; ++k) {
        vec2 corner = k == 0 ? vec2(0) : CORNER * vec2((k & 1) * 2 - 1, (k & 2) - 1);
        vec3 ray = ray_to(texel + 0.5 + corner);
        vec2 p;
        if (!seen(ray, NORMAL[chart_side()], chart_id(), is_sky(), p)) continue;
        if (share == 0.0) { at = ray; anchor = p; }
        share += 0.2;
    }
    if (share == 0.0 || cosine_of(at) < GRAZING) return 0.0;
    float density = density_of(at) * share * share;
    beside = at_depth_edge(at, anchor);
    return beside ? EDGE_PENALTY * min(density, ENOUGH) : density;
}

bool accepts(float steps, float density, float new_steps, float new_density) {
    bool frozen = steps >= new_steps && density >= FROZEN_SHARE * min(new_density, ENOUGH);
    return new_density > 0.0 && !frozen && new_density * new_steps > density * steps;
}

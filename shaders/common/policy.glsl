// Which look is better: engine/policy.py in GLSL. Needs common/chart.glsl and common/view.glsl.
const float GRAZING = 0.02;       // a view claims nothing that it sees at a smaller cosine
const float ENOUGH = 8.0;         // pixels per texel that a cell of 8x8 can hold
const float FROZEN_SHARE = 0.5;   // of the new density (up to ENOUGH): that much stored density is kept
const float EDGE_PENALTY = 0.5;   // for texels within half a latent pixel of a depth edge
const float DEPTH_EDGE = 0.05;    // relative jump in depth that is an edge
const float CORNER = 0.45;        // of a texel, from its centre: where its corners are tested

float cosine_of(vec3 ray) { return -dot(NORMAL[chart_side()], ray) / length(ray); }

// Screen pixels per texel x cosine of incidence, at a point of the fragment's chart. For the sky on its cube of half-width 1.
float density_of(vec3 ray) { return focal / dot(axes[2], ray) * chart_texel() * cosine_of(ray); }

// The density with which the view may paint the texel with this centre; 0: not at all. p: pixel coordinates of the centre.
float claim(vec2 centre, out vec2 p) {
    vec3 ray = ray_to(centre);
    if (!seen(ray, NORMAL[chart_side()], chart_id(), is_sky(), p) || cosine_of(ray) < GRAZING) return 0.0;
    return density_of(ray);
}

bool frozen(float steps, float density, float new_steps, float new_density) {
    return steps >= new_steps && density >= FROZEN_SHARE * min(new_density, ENOUGH);
}

// Share of a claimed texel that is seen, less at depth edges: the part of the density that counts when looks compete.
float worth(vec2 centre, vec2 p, float half_latent_pixel) {
    float share = 1.0;
    vec2 q;
    vec3 normal = NORMAL[chart_side()];
    for (int k = 0; k < 4; ++k) {
        vec2 corner = centre + CORNER * vec2((k & 1) * 2 - 1, (k & 2) - 1);
        if (seen(ray_to(corner), normal, chart_id(), is_sky(), q)) share += 1.0;
    }
    vec3 ray = ray_to(centre);
    for (int k = 0; k < 4; ++k) {
        vec2 offset = half_latent_pixel * (k < 2 ? vec2(k * 2 - 1, 0) : vec2(0, k * 2 - 5));
        ivec2 pixel = clamp(ivec2(floor(p + offset)), ivec2(0), ivec2(size) - 1);
        vec2 there = view_at(pixel);
        if (int(there.x + 0.5) == chart_id()) continue;
        float expected = is_sky() ? FAR : plane_depth(ray, normal, pixel);
        if (abs(there.y - expected) > DEPTH_EDGE * min(expected, there.y)) return share / 5.0 * EDGE_PENALTY;
    }
    return share / 5.0;
}

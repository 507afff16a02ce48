// A dream paints every latent pixel as one material, but the border between two materials runs through latent pixels. What lies
// on the wrong side of it takes its look from the nearest latent pixel of its own material, so that no sky clings to a wall.
// Needs common/chart.glsl and common/view.glsl. engine/twin.py is the same in numpy.
uniform sampler2D labels;  // material of each latent pixel of the look

const float LATENT_PIXEL = 8.0;

bool labelled(ivec2 cell) {
    ivec2 last = textureSize(labels, 0) - 1;
    return texelFetch(labels, clamp(cell, ivec2(0), last), 0).x == v_info.y;
}

// The point nearest to p (in pixels) whose latent pixel shows the chart's own material, `inset` pixels away from borders, where
// decoder and filter blend the two sides. NOWHERE if none of the 5x5 latent pixels around does: then the dream has nothing of it.
const vec2 NOWHERE = vec2(-1);

vec2 own_region(vec2 p, float inset) {
    ivec2 cell = ivec2(p / LATENT_PIXEL), own = cell;
    if (!labelled(cell)) {
        float nearest = 1e9;
        for (int k = 0; k < 25; ++k) {
            ivec2 there = cell + ivec2(k % 5, k / 5) - 2;
            vec2 q = clamp(p, vec2(there) * LATENT_PIXEL, vec2(there + 1) * LATENT_PIXEL);
            float away = distance(p, q);
            if (away < nearest && q == clamp(q, vec2(0), size) && labelled(there)) {
                nearest = away;
                own = there;
            }
        }
        if (nearest == 1e9) return NOWHERE;
    }
    vec2 low = vec2(own) * LATENT_PIXEL, high = low + LATENT_PIXEL;
    low += inset * vec2(!labelled(own - ivec2(1, 0)), !labelled(own - ivec2(0, 1)));
    high -= inset * vec2(!labelled(own + ivec2(1, 0)), !labelled(own + ivec2(0, 1)));
    return clamp(p, low, high - 0.01);  // below the upper edge: there the next latent pixel begins
}

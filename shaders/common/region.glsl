// A dream paints every latent pixel as one material, but the border between two materials runs through latent pixels. A texel takes its
// latent from the nearest latent pixel of its own material, and its colours from pixels that show it, so that no sky clings to a wall.
// Needs common/chart.glsl and common/view.glsl. engine/twin_region.py is the same in numpy.
uniform sampler2D labels;  // of each latent pixel of the look: material; 1 where the dream kept what was there, else 0
uniform sampler2D shown;   // of each pixel of the look: material, or UNDREAMED
uniform bool borders;      // false: a picture that knows none was thrown at the view, and each surface takes what falls on it

const float LATENT_PIXEL = 8.0;

bool labelled(ivec2 cell) {
    ivec2 last = textureSize(labels, 0) - 1;
    return !borders || texelFetch(labels, clamp(cell, ivec2(0), last), 0).x == v_info.y;
}

bool own(ivec2 pixel) {
    ivec2 last = textureSize(shown, 0) - 1;
    return !borders || texelFetch(shown, clamp(pixel, ivec2(0), last), 0).x == v_info.y;
}

bool kept(ivec2 cell) { return texelFetch(labels, cell, 0).y > 0.5; }

// The latent pixel nearest to p (in pixels) that shows the chart's own material; if none of the 5x5 around p does, but a pixel there
// does, the one around p. NOWHERE if the dream has nothing of it.
const ivec2 NOWHERE = ivec2(-1);

ivec2 own_cell(vec2 p) {
    ivec2 cell = ivec2(p / LATENT_PIXEL), nearest = own(ivec2(p)) ? cell : NOWHERE;
    if (labelled(cell)) return cell;
    float least = 1e9;
    for (int k = 0; k < 25; ++k) {
        ivec2 there = cell + ivec2(k % 5, k / 5) - 2;
        vec2 q = clamp(p, vec2(there) * LATENT_PIXEL, vec2(there + 1) * LATENT_PIXEL);
        float away = distance(p, q);
        if (away < least && q == clamp(q, vec2(0), size) && labelled(there)) {
            least = away;
            nearest = there;
        }
    }
    return nearest;
}

// p itself if its pixel shows the chart's own material, else the middle of the nearest of the 5x5 pixels around that does. NONE: none.
const vec2 NONE = vec2(-1);

vec2 own_point(vec2 p) {
    ivec2 pixel = ivec2(p);
    if (own(pixel)) return p;
    vec2 nearest = NONE;
    float least = 1e9;
    for (int k = 0; k < 25; ++k) {
        ivec2 there = pixel + ivec2(k % 5, k / 5) - 2;
        vec2 q = vec2(there) + 0.5;
        if (distance(p, q) < least && q == clamp(q, vec2(0), size) && own(there)) {
            least = distance(p, q);
            nearest = q;
        }
    }
    return nearest;
}

// Whether all that a bilinear reading at p touches is of the chart's own material, on a level whose pixels are `pixel` wide.
bool alone(vec2 p, float pixel) {
    ivec2 low = ivec2(floor((p / pixel - 0.5)) * pixel), high = low + ivec2(2.0 * pixel) - 1;
    return own(low) && own(high) && own(ivec2(low.x, high.y)) && own(ivec2(high.x, low.y));
}

// Finds the pixels of a picture that show a texel's own material. A dream paints each latent pixel as one material, but borders
// between materials run through latent pixels. A texel takes its latent from the nearest latent pixel of its own material and its
// colours from pixels that show that material, so that no sky sticks to a wall. Needs common/chart.glsl and common/view.glsl.
// tests/engine/reference_region.py does the same in numpy.
uniform sampler2D labels;  // per latent pixel: material; 1 where the dream kept what was there, else 0
uniform sampler2D shown;   // per pixel, with a rim: material, or UNDREAMED; its equal corners (engine/atlas/write_mask.py)
uniform bool borders;      // false: the picture is projected as it is, whatever material a pixel shows

const float LATENT_PIXEL = 8.0;
const int RIM = 16;  // pixels that `shown` is wider on each side, repeating its edge

// Where a search of 25 begins: at its end if nothing is searched. Software drivers execute both sides of a branch, but leave a loop
// that all fragments have left; that its number of turns isn't known to the compiler keeps it from being unrolled.
int first_of_search(bool found) { return found ? 25 : 0; }

bool has_own_label(ivec2 cell) {
    ivec2 last = textureSize(labels, 0) - 1;
    return !borders || texelFetch(labels, clamp(cell, ivec2(0), last), 0).x == v_info.y;
}

bool shows_own_material(ivec2 pixel) {
    ivec2 last = textureSize(shown, 0) - 2 * RIM - 1;
    return !borders || texelFetch(shown, clamp(pixel, ivec2(0), last) + RIM, 0).x == v_info.y;
}

bool is_kept(ivec2 cell) { return texelFetch(labels, cell, 0).y > 0.5; }

// The latent pixel nearest to p (in pixels) that is labelled with the chart's own material, among the 5x5 around p. If none is, but
// the pixel at p shows the material: the latent pixel around p. Otherwise NOWHERE: the dream shows nothing of this material here.
const ivec2 NOWHERE = ivec2(-1);
ivec2 own_cell(vec2 p) {
    ivec2 cell = ivec2(p / LATENT_PIXEL), nearest = shows_own_material(ivec2(p)) ? cell : NOWHERE;
    if (has_own_label(cell)) return cell;
    float least = 1e9;
    for (int k = first_of_search(has_own_label(cell)); k < 25; ++k) {
        ivec2 there = cell + ivec2(k % 5, k / 5) - 2;
        vec2 q = clamp(p, vec2(there) * LATENT_PIXEL, vec2(there + 1) * LATENT_PIXEL);
        float away = distance(p, q);
        if (away < least && q == clamp(q, vec2(0), size) && has_own_label(there)) {
            least = away;
            nearest = there;
        }
    }
    return nearest;
}

// p itself if its pixel shows the chart's own material, else the centre of the nearest of the 5x5 pixels around it that does, else
// NONE.
const vec2 NONE = vec2(-1);
vec2 own_point(vec2 p) {
    ivec2 pixel = ivec2(p);
    if (shows_own_material(pixel)) return p;
    vec2 nearest = NONE;
    float least = 1e9;
    for (int k = first_of_search(shows_own_material(pixel)); k < 25; ++k) {
        ivec2 there = pixel + ivec2(k % 5, k / 5) - 2;
        vec2 q = vec2(there) + 0.5;
        if (distance(p, q) < least && q == clamp(q, vec2(0), size) && shows_own_material(there)) {
            least = distance(p, q);
            nearest = q;
        }
    }
    return nearest;
}

// Whether bilinear sampling at p touches only the chart's own material, on a level of detail (0, 1, 2, …) of the picture.
bool all_own_material(vec2 p, float level) {
    float pixel = exp2(level);
    vec2 there = texelFetch(shown, ivec2(floor(p / pixel - 0.5) * pixel) + RIM, 0).xy;
    return !borders || (there.x == v_info.y && (int(there.y) >> int(level) & 1) == 1);
}

// Finds the pixels of a picture that show a texel's own material. A dream paints each latent pixel as one material, but borders
// between materials run through latent pixels. A texel takes its latent from the nearest latent pixel of its own material and its
// colours from pixels that show that material, so that no sky sticks to a wall. Needs common/chart.glsl and common/view.glsl.
// tests/engine/reference_region.py does the same in numpy.
uniform sampler2D labels;  // per latent pixel: material; 1 where the dream kept what was there, else 0
uniform sampler2D shown;   // per pixel, with a rim: material, or UNDREAMED; its equal corners (engine/atlas/write_mask.py)
uniform bool borders;      // false: the picture is projected as it is, whatever material a pixel shows

const float LATENT_PIXEL = 8.0;
const float RIM = 16.0;  // pixels that `shown` is wider on each side, repeating its edge

// Where a search of 25 begins: at its end if nothing is searched. Software drivers execute both sides of a branch, but leave a loop
// that all fragments have left; that its number of turns isn't known to the compiler keeps it from being unrolled.
int first_of_search(bool found) { return found ? 25 : 0; }

vec2 label_at(vec2 cell) { return texel_at(labels, cell, v_size / LATENT_PIXEL).xy; }
vec2 shown_at(vec2 pixel) { return texel_at(shown, pixel + RIM, v_size + 2.0 * RIM).xy; }
bool has_own_label(vec2 cell) { return !borders || label_at(cell).x == v_info.y; }
bool shows_own_material(vec2 pixel) { return !borders || shown_at(pixel).x == v_info.y; }
bool is_kept(vec2 cell) { return label_at(cell).y > 0.5; }

// The latent pixel nearest to p (in pixels) that is labelled with the chart's own material, among the 5x5 around p. If none is, but
// the pixel at p shows the material: the latent pixel around p. Otherwise NOWHERE: the dream shows nothing of this material here.
const vec2 NOWHERE = vec2(-1);
vec2 own_cell(vec2 p) {
    vec2 cell = trunc(p / LATENT_PIXEL), nearest = shows_own_material(trunc(p)) ? cell : NOWHERE;
    if (has_own_label(cell)) return cell;
    float least = 1e9;
    for (int k = first_of_search(has_own_label(cell)); k < 25; ++k) {
        vec2 there = cell + vec2(k % 5, k / 5) - 2.0;
        vec2 q = clamp(p, there * LATENT_PIXEL, (there + 1.0) * LATENT_PIXEL);
        float away = distance(p, q);
        if (away < least && q == clamp(q, vec2(0), v_size) && has_own_label(there)) {
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
    vec2 pixel = trunc(p);
    if (shows_own_material(pixel)) return p;
    vec2 nearest = NONE;
    float least = 1e9;
    for (int k = first_of_search(shows_own_material(pixel)); k < 25; ++k) {
        vec2 there = pixel + vec2(k % 5, k / 5) - 2.0;
        vec2 q = there + 0.5;
        if (distance(p, q) < least && q == clamp(q, vec2(0), v_size) && shows_own_material(there)) {
            least = distance(p, q);
            nearest = q;
        }
    }
    return nearest;
}

// Whether bilinear sampling at p touches only the chart's own material, on a level of detail (0, 1, 2, …) of the picture.
bool all_own_material(vec2 p, float level) {
    float pixel = exp2(level);
    vec2 there = shown_at(floor(p / pixel - 0.5) * pixel);
    return !borders || (there.x == v_info.y && (int(there.y) >> int(level) & 1) == 1);
}

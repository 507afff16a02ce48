// A dream paints every latent pixel as one material, but the border between two materials runs through latent pixels. What lies
// on the wrong side of it takes its look from the nearest latent pixel of its own material, so that no sky clings to a wall.
// Needs common/chart.glsl and common/view.glsl. engine/twin.py is the same in numpy.
uniform sampler2D labels;  // of each latent pixel of the look: material; 1 where the dream kept what was there, else 0
uniform bool borders;      // false: a picture that knows none was thrown at the view, and each surface takes what falls on it

const float LATENT_PIXEL = 8.0;

bool labelled(ivec2 cell) {
    ivec2 last = textureSize(labels, 0) - 1;
    return !borders || texelFetch(labels, clamp(cell, ivec2(0), last), 0).x == v_info.y;
}

bool kept(ivec2 cell) { return texelFetch(labels, cell, 0).y > 0.5; }

// The latent pixel nearest to p (in pixels) that shows the chart's own material. NOWHERE if none of the 5x5 around p does: then
// the dream has nothing of it.
const ivec2 NOWHERE = ivec2(-1);

ivec2 own_cell(vec2 p) {
    ivec2 cell = ivec2(p / LATENT_PIXEL), own = NOWHERE;
    if (labelled(cell)) return cell;
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
    return own;
}

// The rectangle (low x, y, high x, y in pixels) around such a latent pixel in which the picture is of the chart's own material:
// as far as its neighbours are, too, else `inset` pixels less, for at borders decoder and filter blend the two sides.
vec4 own_room(ivec2 own, float inset) {
    vec2 low = vec2(own) * LATENT_PIXEL, high = low + LATENT_PIXEL;
    low += mix(vec2(inset), vec2(-LATENT_PIXEL), bvec2(labelled(own - ivec2(1, 0)), labelled(own - ivec2(0, 1))));
    high -= mix(vec2(inset), vec2(-LATENT_PIXEL), bvec2(labelled(own + ivec2(1, 0)), labelled(own + ivec2(0, 1))));
    return vec4(max(low, 0.5), min(high, size - 0.5));
}

// p itself inside the room, its mirror image from beyond: a surface goes on as it is beside the border, and isn't smeared.
vec2 folded(vec2 p, vec4 room) {
    vec2 wide = room.zw - room.xy;
    vec2 mirrored = room.xy + wide - abs(mod(p - room.xy, 2.0 * wide) - wide);
    return labelled(ivec2(mirrored / LATENT_PIXEL)) ? mirrored : clamp(p, room.xy, room.zw);
}

// A colour scale that colour-blind people can read: matplotlib's viridis, approximated by polynomials of degree 4 (least squares
// on eleven of its colours).
vec3 heat(float t) {
    t = clamp(t, 0.0, 1.0);
    return vec3(0.256, 0.004, 0.342) + t * (vec3(1.068, 1.511, 0.967) + t * (vec3(-7.199, -1.406, 0.108)
        + t * (vec3(11.210, 1.766, -3.388) + t * vec3(-4.330, -0.970, 2.092))));
}

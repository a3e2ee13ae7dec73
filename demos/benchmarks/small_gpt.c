/* Loss and gradient of the small GPT, written by hand: matrix loops, no engine. The weights are one
   array in the order of nn.GPT's parameters. gcc -O3 -march=native -ffast-math */
#include <math.h>
#include <string.h>

enum { W = 16, H = 4, D = W / H, F = 4 * W, V = 27, B = 16 };

typedef struct {
    double token[V][W], position[B][W], query[W][W], key[W][W], value[W][W], mix[W][W];
    double widen[F][W], narrow[W][F], head[V][W];
} Weights;

/* y = A x */
#define PRODUCT(rows, columns, A, x, y) \
    for (int r = 0; r < rows; r++) { \
        double s = 0; \
        for (int c = 0; c < columns; c++) s += A[r][c] * x[c]; \
        y[r] = s; \
    }

/* dA += g xᵀ, dx += Aᵀ g */
#define SEND_BACK(rows, columns, A, dA, x, g, dx) \
    for (int r = 0; r < rows; r++) \
        for (int c = 0; c < columns; c++) dA[r][c] += g[r] * x[c]; \
    { \
        double sum[columns] = {0}; \
        for (int r = 0; r < rows; r++) \
            for (int c = 0; c < columns; c++) sum[c] += A[r][c] * g[r]; \
        for (int c = 0; c < columns; c++) dx[c] += sum[c]; \
    }

static double norm(const double *x, double *y) {
    double s = 0;
    for (int i = 0; i < W; i++) s += x[i] * x[i];
    double scale = 1 / sqrt(s / W + 1e-5);
    for (int i = 0; i < W; i++) y[i] = x[i] * scale;
    return scale;
}

/* dx += the gradient by x of y = x·scale, where g is the gradient by y */
static void norm_back(const double *y, double scale, const double *g, double *dx) {
    double s = 0;
    for (int i = 0; i < W; i++) s += g[i] * y[i];
    for (int i = 0; i < W; i++) dx[i] += scale * (g[i] - y[i] * s / W);
}

/* Loss of one name; its gradient, times `weight`, is added to d. */
static double name(const Weights *restrict p, const double *tokens, const double *following, int n,
                   double weight, Weights *restrict d) {
    static double x[B][W], a[B][W], q[B][W], k[B][W], v[B][W], taken[B][W], y[B][W], b[B][W];
    static double h[B][F], out[B][W], share[B][H][B], chance[B][V], s0[B], s1[B], s2[B], e[B][W];
    static double dk[B][W], dv[B][W];
    double loss = 0, root = sqrt(D);
    for (int t = 0; t < n; t++) {
        for (int i = 0; i < W; i++) e[t][i] = p->token[(int)tokens[t]][i] + p->position[t][i];
        s0[t] = norm(e[t], x[t]);
        s1[t] = norm(x[t], a[t]);
        PRODUCT(W, W, p->query, a[t], q[t])
        PRODUCT(W, W, p->key, a[t], k[t])
        PRODUCT(W, W, p->value, a[t], v[t])
        for (int m = 0; m < H; m++) {
            double *w = share[t][m], sum = 0, most = -INFINITY;
            for (int u = 0; u <= t; u++) {
                double s = 0;
                for (int i = m * D; i < m * D + D; i++) s += q[t][i] * k[u][i];
                w[u] = s / root;
                most = w[u] > most ? w[u] : most;
            }
            for (int u = 0; u <= t; u++) sum += w[u] = exp(w[u] - most);
            for (int u = 0; u <= t; u++) w[u] /= sum;
            for (int i = m * D; i < m * D + D; i++) {
                double s = 0;
                for (int u = 0; u <= t; u++) s += w[u] * v[u][i];
                taken[t][i] = s;
            }
        }
        PRODUCT(W, W, p->mix, taken[t], y[t])
        for (int i = 0; i < W; i++) y[t][i] += x[t][i];
        s2[t] = norm(y[t], b[t]);
        PRODUCT(F, W, p->widen, b[t], h[t])
        for (int i = 0; i < F; i++) h[t][i] = h[t][i] > 0 ? h[t][i] : 0;
        PRODUCT(W, F, p->narrow, h[t], out[t])
        for (int i = 0; i < W; i++) out[t][i] += y[t][i];
        double *c = chance[t], sum = 0, most = -INFINITY;
        PRODUCT(V, W, p->head, out[t], c)
        double wanted = c[(int)following[t]];
        for (int i = 0; i < V; i++) most = c[i] > most ? c[i] : most;
        for (int i = 0; i < V; i++) sum += c[i] = exp(c[i] - most);
        for (int i = 0; i < V; i++) c[i] /= sum;
        loss += log(sum) + most - wanted;
    }
    memset(dk, 0, sizeof dk);
    memset(dv, 0, sizeof dv);
    for (int t = n - 1; t >= 0; t--) {
        double g[V], dout[W] = {0}, dh[F] = {0}, db[W] = {0}, dtaken[W] = {0}, dq[W] = {0};
        double da[W] = {0}, dx[W] = {0}, de[W] = {0};
        for (int i = 0; i < V; i++) g[i] = chance[t][i] * weight / n;
        g[(int)following[t]] -= weight / n;
        SEND_BACK(V, W, p->head, d->head, out[t], g, dout)
        SEND_BACK(W, F, p->narrow, d->narrow, h[t], dout, dh)
        for (int i = 0; i < F; i++) dh[i] = h[t][i] > 0 ? dh[i] : 0;
        SEND_BACK(F, W, p->widen, d->widen, b[t], dh, db)
        norm_back(b[t], s2[t], db, dout);
        SEND_BACK(W, W, p->mix, d->mix, taken[t], dout, dtaken)
        for (int i = 0; i < W; i++) dx[i] = dout[i];
        for (int m = 0; m < H; m++) {
            double *w = share[t][m], dw[B], sum = 0;
            for (int u = 0; u <= t; u++) {
                double s = 0;
                for (int i = m * D; i < m * D + D; i++) {
                    s += dtaken[i] * v[u][i];
                    dv[u][i] += dtaken[i] * w[u];
                }
                dw[u] = s;
                sum += s * w[u];
            }
            for (int u = 0; u <= t; u++) {
                double s = w[u] * (dw[u] - sum) / root;
                for (int i = m * D; i < m * D + D; i++) {
                    dq[i] += s * k[u][i];
                    dk[u][i] += s * q[t][i];
                }
            }
        }
        SEND_BACK(W, W, p->query, d->query, a[t], dq, da)
        SEND_BACK(W, W, p->key, d->key, a[t], dk[t], da)
        SEND_BACK(W, W, p->value, d->value, a[t], dv[t], da)
        norm_back(a[t], s1[t], da, dx);
        norm_back(x[t], s0[t], dx, de);
        for (int i = 0; i < W; i++) {
            d->token[(int)tokens[t]][i] += de[i];
            d->position[t][i] += de[i];
        }
    }
    return loss / n;
}

/* Mean loss of `count` rows of n tokens and n following ones; its gradient is written to d. */
double step(const Weights *restrict p, const double *rows, int count, int n, Weights *restrict d) {
    double loss = 0;
    memset(d, 0, sizeof *d);
    for (int i = 0; i < count; i++)
        loss += name(p, rows + 2 * n * i, rows + 2 * n * i + n, n, 1.0 / count, d);
    return loss / count;
}

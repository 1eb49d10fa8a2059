// What MuJoCo's C library alone does of the work that `Iql.Bench --environments` gives Iql: episodes from recorded starts through
// recorded actions. Prints the nanoseconds they took and a fingerprint of the positions and velocities they ended in.
//
//     mujoco_steps LIBRARY MODEL.xml FRAME_SKIP EPISODES DECISIONS WORK
//
// WORK holds, per episode, positions, velocities, the solver's warm start and DECISIONS controls, as doubles. No header is needed: the offsets are those of
// MuJoCo 2.2.2 for 64 bits.
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int size_at(void *model, int offset) { return *(int *)((char *)model + offset); }
static double *array_at(void *data, int offset) { return *(double **)((char *)data + offset); }

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static uint64_t add(uint64_t hash, const double *numbers, int count) {
    for (const unsigned char *b = (const unsigned char *)numbers; b < (const unsigned char *)(numbers + count); b++)
        hash = (hash ^ *b) * 1099511628211ULL;
    return hash;
}

int main(int argc, char **argv) {
    if (argc != 7) return 2;
    void *library = dlopen(argv[1], RTLD_NOW);
    if (!library) return fprintf(stderr, "%s\n", dlerror()), 2;
    void *(*load)(const char *, const void *, char *, int) = dlsym(library, "mj_loadXML");
    void *(*make)(void *) = dlsym(library, "mj_makeData");
    void (*reset)(void *, void *) = dlsym(library, "mj_resetData");
    void (*step)(void *, void *) = dlsym(library, "mj_step");
    char error[1000] = "";
    void *model = load(argv[2], NULL, error, sizeof error);
    if (!model) return fprintf(stderr, "%s\n", error), 2;
    void *data = make(model);
    int skip = atoi(argv[3]), episodes = atoi(argv[4]), decisions = atoi(argv[5]);
    int nq = size_at(model, 0), nv = size_at(model, 4), nu = size_at(model, 8);
    double *qpos = array_at(data, 40376), *qvel = array_at(data, 40384), *warm = array_at(data, 40400), *ctrl = array_at(data, 40408);
    size_t each = nq + 2 * nv + (size_t)decisions * nu;
    double *work = malloc(episodes * each * sizeof(double));
    FILE *file = fopen(argv[6], "rb");
    if (!file || fread(work, sizeof(double), episodes * each, file) != episodes * each) return fprintf(stderr, "%s: too short\n", argv[6]), 2;

    uint64_t hash = 14695981039346656037ULL;
    int64_t start = now();
    for (int e = 0; e < episodes; e++) {
        double *row = work + e * each;
        reset(model, data);
        memcpy(qpos, row, nq * sizeof(double));
        memcpy(qvel, row + nq, nv * sizeof(double));
        memcpy(warm, row + nq + nv, nv * sizeof(double));
        row += nq + 2 * nv;
        for (int t = 0; t < decisions; t++, row += nu) {
            memcpy(ctrl, row, nu * sizeof(double));
            for (int i = 0; i < skip; i++) step(model, data);
        }
        hash = add(add(hash, qpos, nq), qvel, nv);
    }
    printf("%lld %llu\n", (long long)(now() - start), (unsigned long long)hash);
    return 0;
}

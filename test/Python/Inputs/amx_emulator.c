// Runs AMX code where there is none: preloaded into a process, it answers the
// request for tiles and executes the tile instructions that trap. Executes what
// the generated code uses: ldtilecfg, tilerelease, tilezero, tileloadd,
// tileloaddt1, tilestored and tdpbf16ps, as Intel's manual defines them.

#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

enum { tiles = 8, largestRows = 16, largestBytes = 64 };

static __thread struct {
  uint8_t rows[tiles];
  uint16_t bytes[tiles];
  uint8_t data[tiles][largestRows][largestBytes];
} state;

/// In the place of the C library's: the only call that generated code makes.
long syscall(long number, ...) {
  (void)number;
  return 0;
}

static uint64_t *registerOf(ucontext_t *context, unsigned number) {
  static const int order[] = {
      REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
      REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  return (uint64_t *)&context->uc_mcontext.gregs[order[number]];
}

typedef struct {
  const uint8_t *next;
  unsigned reg, mod, rm, extendBase, extendIndex;
  uint64_t base, stride;
} Operand;

/// Reads the bytes after ModRM: a memory operand and, with a SIB byte, the
/// stride in its index register.
static void decodeMemory(Operand *operand, ucontext_t *context) {
  uint64_t index = 0;
  unsigned base = operand->rm;
  int32_t displacement = 0;
  int isRelative = operand->mod == 0 && operand->rm == 5;
  int hasBase = !isRelative;
  if (operand->rm == 4) {
    uint8_t sib = *operand->next++;
    unsigned indexNumber = ((sib >> 3) & 7) | operand->extendIndex;
    base = sib & 7;
    hasBase = !(operand->mod == 0 && base == 5);
    if (indexNumber != 4)
      index = *registerOf(context, indexNumber) << (sib >> 6);
  }
  if (operand->mod == 1) {
    displacement = (int8_t)*operand->next++;
  } else if (operand->mod == 2 || !hasBase) {
    memcpy(&displacement, operand->next, 4);
    operand->next += 4;
  }
  operand->base = (uint64_t)(int64_t)displacement;
  if (hasBase)
    operand->base += *registerOf(context, base | operand->extendBase);
  if (isRelative)
    operand->base += (uint64_t)operand->next;
  operand->stride = index;
}

static float widen(uint16_t half) {
  uint32_t bits = (uint32_t)half << 16;
  // Denormals count as zeros.
  if (!(bits & 0x7f800000))
    bits &= 0x80000000;
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

static void multiply(unsigned to, unsigned left, unsigned right) {
  for (unsigned m = 0; m < state.rows[to]; ++m)
    for (unsigned n = 0; n < state.bytes[to] / 4u; ++n) {
      float even = 0, odd = 0, sum;
      for (unsigned k = 0; k < state.bytes[left] / 4u; ++k) {
        uint16_t a[2], b[2];
        memcpy(a, &state.data[left][m][4 * k], 4);
        memcpy(b, &state.data[right][k][4 * n], 4);
        even += widen(a[0]) * widen(b[0]);
        odd += widen(a[1]) * widen(b[1]);
      }
      memcpy(&sum, &state.data[to][m][4 * n], 4);
      sum += even + odd;
      memcpy(&state.data[to][m][4 * n], &sum, 4);
    }
}

static void configure(const uint8_t *from) {
  memset(&state, 0, sizeof(state));
  for (unsigned tile = 0; tile < tiles; ++tile) {
    memcpy(&state.bytes[tile], from + 16 + 2 * tile, 2);
    state.rows[tile] = from[48 + tile];
  }
}

static void move(unsigned prefix, const Operand *memory) {
  unsigned tile = memory->reg;
  int stores = prefix == 2;
  if (!stores)
    memset(state.data[tile], 0, sizeof(state.data[tile]));
  for (unsigned row = 0; row < state.rows[tile]; ++row) {
    uint8_t *address = (uint8_t *)(memory->base + row * memory->stride);
    if (stores)
      memcpy(address, state.data[tile][row], state.bytes[tile]);
    else
      memcpy(state.data[tile][row], address, state.bytes[tile]);
  }
}

static void onIllegalInstruction(int number, siginfo_t *info, void *data) {
  (void)number;
  (void)info;
  ucontext_t *context = data;
  const uint8_t *code = (const uint8_t *)context->uc_mcontext.gregs[REG_RIP];
  // A three-byte VEX prefix of map 0F38.
  if (code[0] != 0xc4 || (code[1] & 0x1f) != 2) {
    fprintf(stderr, "amx_emulator: unknown instruction %02x %02x %02x %02x\n",
            code[0], code[1], code[2], code[3]);
    _exit(3);
  }
  unsigned prefix = code[2] & 3, source = (~code[2] >> 3) & 15;
  uint8_t opcode = code[3], modrm = code[4];
  Operand operand = {code + 5,
                     (modrm >> 3) & 7,
                     modrm >> 6,
                     modrm & 7,
                     code[1] & 0x20 ? 0 : 8,
                     code[1] & 0x40 ? 0 : 8,
                     0,
                     0};
  int isRegister = operand.mod == 3;
  if (!isRegister)
    decodeMemory(&operand, context);
  if (opcode == 0x49 && prefix == 0 && !isRegister)
    configure((const uint8_t *)operand.base);
  else if (opcode == 0x49 && prefix == 0)
    memset(&state, 0, sizeof(state));
  else if (opcode == 0x49 && prefix == 3)
    memset(state.data[operand.reg], 0, sizeof(state.data[0]));
  else if (opcode == 0x4b && prefix != 0)
    move(prefix, &operand);
  else if (opcode == 0x5c && prefix == 2)
    multiply(operand.reg, operand.rm, source);
  else {
    fprintf(stderr, "amx_emulator: unknown tile instruction %02x\n", opcode);
    _exit(3);
  }
  context->uc_mcontext.gregs[REG_RIP] = (greg_t)operand.next;
}

__attribute__((constructor)) static void install(void) {
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_sigaction = onIllegalInstruction;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGILL, &action, NULL);
}

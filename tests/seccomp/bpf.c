/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf.h"

#include <string.h>

#define MAX_ERRNO 4095u

/* --- What the kernel takes ------------------------------------------------------------- */

static bool load_is_good(const struct sock_filter *ins)
{
	switch (ins->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return ins->k < sizeof(struct seccomp_data) && ins->k % 4 == 0;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return ins->k < BPF_MEMWORDS;
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
		return true;
	default:
		return false;
	}
}

static bool alu_is_good(const struct sock_filter *ins)
{
	bool constant = BPF_SRC(ins->code) == BPF_K;

	if (ins->code != (BPF_ALU | BPF_OP(ins->code) | BPF_SRC(ins->code)))
		return false;
	switch (BPF_OP(ins->code)) {
	case BPF_ADD:
	case BPF_SUB:
	case BPF_MUL:
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR:
		return true;
	case BPF_NEG:
		return constant;
	case BPF_DIV:
		return !constant || ins->k != 0;
	case BPF_LSH:
	case BPF_RSH:
		return !constant || ins->k < 32;
	default:
		return false; /* BPF_MOD is no opcode of seccomp's */
	}
}

/* `left`: instructions behind this one. */
static bool jump_is_good(const struct sock_filter *ins, size_t left)
{
	if (ins->code == (BPF_JMP | BPF_JA))
		return ins->k < left;
	switch (ins->code) {
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JEQ | BPF_X:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_X:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_X:
	case BPF_JMP | BPF_JSET | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_X:
		return ins->jt < left && ins->jf < left;
	default:
		return false;
	}
}

static bool is_return(const struct sock_filter *ins)
{
	return ins->code == (BPF_RET | BPF_K) || ins->code == (BPF_RET | BPF_A);
}

int bpf_check(const struct sock_filter *program, size_t len, struct hr_error *err)
{
	if (len == 0 || len > BPF_MAXINSNS)
		return hr_fail(err, HR_SPEC, "%zu instructions, the kernel takes 1 to %d", len,
			       BPF_MAXINSNS);
	for (size_t i = 0; i < len; i++) {
		const struct sock_filter *ins = &program[i];

		if (!is_return(ins) && !load_is_good(ins) && !alu_is_good(ins) &&
		    !jump_is_good(ins, len - i - 1))
			return hr_fail(err, HR_SPEC, "instruction %zu (code %#x) is not allowed", i,
				       ins->code);
	}
	if (!is_return(&program[len - 1]))
		return hr_fail(err, HR_SPEC, "the last instruction is no return");
	return 0;
}

/* --- Running --------------------------------------------------------------------------- */

struct machine {
	uint32_t pc, a, x;
	uint32_t memory[BPF_MEMWORDS];
	bool stored; /* memory is not all zeros any more */
	bool done;
};

static void do_load(struct machine *m, const struct sock_filter *ins,
		    const struct seccomp_data *data)
{
	switch (ins->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		memcpy(&m->a, (const char *)data + ins->k, sizeof(m->a));
		break;
	case BPF_LD | BPF_W | BPF_LEN:
		m->a = sizeof(*data);
		break;
	case BPF_LDX | BPF_W | BPF_LEN:
		m->x = sizeof(*data);
		break;
	case BPF_LD | BPF_IMM:
		m->a = ins->k;
		break;
	case BPF_LDX | BPF_IMM:
		m->x = ins->k;
		break;
	case BPF_LD | BPF_MEM:
		m->a = m->memory[ins->k];
		break;
	case BPF_LDX | BPF_MEM:
		m->x = m->memory[ins->k];
		break;
	case BPF_ST:
	case BPF_STX:
		m->memory[ins->k] = ins->code == BPF_ST ? m->a : m->x;
		m->stored = true;
		break;
	case BPF_MISC | BPF_TAX:
		m->x = m->a;
		break;
	default: /* BPF_MISC | BPF_TXA */
		m->a = m->x;
		break;
	}
}

static void do_alu(struct machine *m, const struct sock_filter *ins)
{
	uint32_t operand = BPF_SRC(ins->code) == BPF_K ? ins->k : m->x;

	switch (BPF_OP(ins->code)) {
	case BPF_ADD:
		m->a += operand;
		break;
	case BPF_SUB:
		m->a -= operand;
		break;
	case BPF_MUL:
		m->a *= operand;
		break;
	case BPF_DIV: /* by zero the program ends with 0 */
		m->done = operand == 0;
		m->a = operand == 0 ? 0 : m->a / operand;
		break;
	case BPF_AND:
		m->a &= operand;
		break;
	case BPF_OR:
		m->a |= operand;
		break;
	case BPF_XOR:
		m->a ^= operand;
		break;
	case BPF_LSH: /* the kernel masks a shift by X */
		m->a <<= operand & 31;
		break;
	case BPF_RSH:
		m->a >>= operand & 31;
		break;
	default: /* BPF_NEG */
		m->a = -m->a;
		break;
	}
}

static void do_jump(struct machine *m, const struct sock_filter *ins)
{
	uint32_t operand = BPF_SRC(ins->code) == BPF_K ? ins->k : m->x;
	bool taken;

	switch (BPF_OP(ins->code)) {
	case BPF_JA:
		m->pc += ins->k;
		return;
	case BPF_JEQ:
		taken = m->a == operand;
		break;
	case BPF_JGT:
		taken = m->a > operand;
		break;
	case BPF_JGE:
		taken = m->a >= operand;
		break;
	default: /* BPF_JSET */
		taken = (m->a & operand) != 0;
		break;
	}
	m->pc += taken ? ins->jt : ins->jf;
}

/* One instruction; true when the program has ended, its answer in a. */
static bool step(struct machine *m, const struct sock_filter *program,
		 const struct seccomp_data *data)
{
	const struct sock_filter *ins = &program[m->pc++];

	switch (BPF_CLASS(ins->code)) {
	case BPF_RET:
		if (ins->code == (BPF_RET | BPF_K))
			m->a = ins->k;
		return true;
	case BPF_JMP:
		do_jump(m, ins);
		return false;
	case BPF_ALU:
		do_alu(m, ins);
		return m->done;
	default:
		do_load(m, ins, data);
		return false;
	}
}

uint32_t bpf_resume(const struct sock_filter *program, size_t len, struct bpf_state state,
		    const struct seccomp_data *data)
{
	struct machine m = {.pc = state.pc, .a = state.a, .x = state.x};

	if (state.done)
		return state.a;
	while (m.pc < len) { /* jumps of a checked program stay inside */
		if (step(&m, program, data))
			return m.a;
	}
	return SECCOMP_RET_KILL_PROCESS;
}

uint32_t bpf_run(const struct sock_filter *program, size_t len, const struct seccomp_data *data)
{
	struct bpf_state start = {0};

	return bpf_resume(program, len, start, data);
}

struct bpf_state bpf_enter(const struct sock_filter *program, size_t len, uint32_t arch,
			   uint32_t nr)
{
	const struct seccomp_data data = {.nr = (int)nr, .arch = arch};
	struct machine m = {0};

	while (m.pc < len) {
		const struct sock_filter *ins = &program[m.pc];

		if (ins->code == (BPF_LD | BPF_W | BPF_ABS) &&
		    ins->k >= offsetof(struct seccomp_data, instruction_pointer))
			return (struct bpf_state){.pc = m.pc, .a = m.a, .x = m.x};
		m.done = step(&m, program, &data);
		if (m.stored)
			break;
		if (m.done)
			return (struct bpf_state){.a = m.a, .done = true};
	}
	return (struct bpf_state){0};
}

uint32_t bpf_action(uint32_t returned)
{
	uint32_t action = returned & SECCOMP_RET_ACTION_FULL, data = returned & SECCOMP_RET_DATA;

	switch (action) {
	case SECCOMP_RET_ERRNO:
		return action | (data > MAX_ERRNO ? MAX_ERRNO : data);
	case SECCOMP_RET_TRACE:
		return returned;
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_USER_NOTIF:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_ALLOW:
		return action; /* their data changes nothing that we judge */
	default:
		return SECCOMP_RET_KILL_PROCESS;
	}
}

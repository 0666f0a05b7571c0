/* SPDX-License-Identifier: Apache-2.0 */
/* Private to image/: answer what hardrun asks (verdict/protocol.h). */
#ifndef HR_IMAGE_ANSWER_H
#define HR_IMAGE_ANSWER_H

/*
 * Enter the sandbox, read the request, bind, judge, write the answer: once, and one JSON object.
 * Returns the program's exit status: 0 whatever was answered, 4 when there is no answer.
 */
int answer(void);

#endif

// SPDX-License-Identifier: Apache-2.0
// The parts of the page as bytes (page.cc). In each row the name is that of two symbols, which
// stand at the part's begin and behind its end.
        .section .rodata

        .macro  part name, file
        .globl  verbatim_page_\name
        .globl  verbatim_page_\name\()_end
verbatim_page_\name:
        .incbin "\file"
verbatim_page_\name\()_end:
        .endm

        part    html, "page.html"
        part    style, "style.css"
        part    source, "source.js"
        part    model, "model.js"
        part    list, "list.js"
        part    code, "code.js"
        part    graph, "graph.js"
        part    timeline, "timeline.js"
        part    exits, "exits.js"
        part    main, "main.js"

        .section .note.GNU-stack, "", @progbits

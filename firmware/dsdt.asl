// SPDX-License-Identifier: Apache-2.0
// The machine as ACPI sees it (ACPI 2.0): the soft-off state, the PCI root with its windows and
// interrupt routing, and the ISA devices that cannot be probed. Compiled into dsdt_aml.cc by
// generate-dsdt.

DefinitionBlock ("dsdt.aml", "DSDT", 1, "VRBTIM", "VERBATIM", 1)
{
    // SLP_TYP 0 in PM1a_CNT means soft off.
    Name (\_S5, Package () { 0, 0, 0, 0 })

    Scope (\_SB)
    {
        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A03"))
            Name (_UID, 0)
            Name (_CRS, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
                    0, 0x0000, 0x00FF, 0, 0x0100)
                IO (Decode16, 0x0CF8, 0x0CF8, 1, 8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
                    0, 0x0000, 0x0CF7, 0, 0x0CF8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
                    0, 0x0D00, 0xFFFF, 0, 0xF300)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, Cacheable, ReadWrite,
                    0, 0x000A0000, 0x000BFFFF, 0, 0x00020000)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable,
                    ReadWrite, 0, 0xE0000000, 0xFEBFFFFF, 0, 0x1EC00000)
            })

            // PCI INTx routing without link devices: the machine wires pin P (0 = INTA) of slot S
            // to IRQ 10, 10, 11, 11 for (S + P - 1) mod 4 = 0, 1, 2, 3.
            Name (_PRT, Package ()
            {
                Package () { 0x0000FFFF, 0, 0, 11 }, Package () { 0x0000FFFF, 1, 0, 10 },
                Package () { 0x0000FFFF, 2, 0, 10 }, Package () { 0x0000FFFF, 3, 0, 11 },
                Package () { 0x0001FFFF, 0, 0, 10 }, Package () { 0x0001FFFF, 1, 0, 10 },
                Package () { 0x0001FFFF, 2, 0, 11 }, Package () { 0x0001FFFF, 3, 0, 11 },
                Package () { 0x0002FFFF, 0, 0, 10 }, Package () { 0x0002FFFF, 1, 0, 11 },
                Package () { 0x0002FFFF, 2, 0, 11 }, Package () { 0x0002FFFF, 3, 0, 10 },
                Package () { 0x0003FFFF, 0, 0, 11 }, Package () { 0x0003FFFF, 1, 0, 11 },
                Package () { 0x0003FFFF, 2, 0, 10 }, Package () { 0x0003FFFF, 3, 0, 10 },
                Package () { 0x0004FFFF, 0, 0, 11 }, Package () { 0x0004FFFF, 1, 0, 10 },
                Package () { 0x0004FFFF, 2, 0, 10 }, Package () { 0x0004FFFF, 3, 0, 11 },
                Package () { 0x0005FFFF, 0, 0, 10 }, Package () { 0x0005FFFF, 1, 0, 10 },
                Package () { 0x0005FFFF, 2, 0, 11 }, Package () { 0x0005FFFF, 3, 0, 11 },
                Package () { 0x0006FFFF, 0, 0, 10 }, Package () { 0x0006FFFF, 1, 0, 11 },
                Package () { 0x0006FFFF, 2, 0, 11 }, Package () { 0x0006FFFF, 3, 0, 10 },
                Package () { 0x0007FFFF, 0, 0, 11 }, Package () { 0x0007FFFF, 1, 0, 11 },
                Package () { 0x0007FFFF, 2, 0, 10 }, Package () { 0x0007FFFF, 3, 0, 10 },
                Package () { 0x0008FFFF, 0, 0, 11 }, Package () { 0x0008FFFF, 1, 0, 10 },
                Package () { 0x0008FFFF, 2, 0, 10 }, Package () { 0x0008FFFF, 3, 0, 11 },
                Package () { 0x0009FFFF, 0, 0, 10 }, Package () { 0x0009FFFF, 1, 0, 10 },
                Package () { 0x0009FFFF, 2, 0, 11 }, Package () { 0x0009FFFF, 3, 0, 11 },
                Package () { 0x000AFFFF, 0, 0, 10 }, Package () { 0x000AFFFF, 1, 0, 11 },
                Package () { 0x000AFFFF, 2, 0, 11 }, Package () { 0x000AFFFF, 3, 0, 10 },
                Package () { 0x000BFFFF, 0, 0, 11 }, Package () { 0x000BFFFF, 1, 0, 11 },
                Package () { 0x000BFFFF, 2, 0, 10 }, Package () { 0x000BFFFF, 3, 0, 10 },
                Package () { 0x000CFFFF, 0, 0, 11 }, Package () { 0x000CFFFF, 1, 0, 10 },
                Package () { 0x000CFFFF, 2, 0, 10 }, Package () { 0x000CFFFF, 3, 0, 11 },
                Package () { 0x000DFFFF, 0, 0, 10 }, Package () { 0x000DFFFF, 1, 0, 10 },
                Package () { 0x000DFFFF, 2, 0, 11 }, Package () { 0x000DFFFF, 3, 0, 11 },
                Package () { 0x000EFFFF, 0, 0, 10 }, Package () { 0x000EFFFF, 1, 0, 11 },
                Package () { 0x000EFFFF, 2, 0, 11 }, Package () { 0x000EFFFF, 3, 0, 10 },
                Package () { 0x000FFFFF, 0, 0, 11 }, Package () { 0x000FFFFF, 1, 0, 11 },
                Package () { 0x000FFFFF, 2, 0, 10 }, Package () { 0x000FFFFF, 3, 0, 10 },
                Package () { 0x0010FFFF, 0, 0, 11 }, Package () { 0x0010FFFF, 1, 0, 10 },
                Package () { 0x0010FFFF, 2, 0, 10 }, Package () { 0x0010FFFF, 3, 0, 11 },
                Package () { 0x0011FFFF, 0, 0, 10 }, Package () { 0x0011FFFF, 1, 0, 10 },
                Package () { 0x0011FFFF, 2, 0, 11 }, Package () { 0x0011FFFF, 3, 0, 11 },
                Package () { 0x0012FFFF, 0, 0, 10 }, Package () { 0x0012FFFF, 1, 0, 11 },
                Package () { 0x0012FFFF, 2, 0, 11 }, Package () { 0x0012FFFF, 3, 0, 10 },
                Package () { 0x0013FFFF, 0, 0, 11 }, Package () { 0x0013FFFF, 1, 0, 11 },
                Package () { 0x0013FFFF, 2, 0, 10 }, Package () { 0x0013FFFF, 3, 0, 10 },
                Package () { 0x0014FFFF, 0, 0, 11 }, Package () { 0x0014FFFF, 1, 0, 10 },
                Package () { 0x0014FFFF, 2, 0, 10 }, Package () { 0x0014FFFF, 3, 0, 11 },
                Package () { 0x0015FFFF, 0, 0, 10 }, Package () { 0x0015FFFF, 1, 0, 10 },
                Package () { 0x0015FFFF, 2, 0, 11 }, Package () { 0x0015FFFF, 3, 0, 11 },
                Package () { 0x0016FFFF, 0, 0, 10 }, Package () { 0x0016FFFF, 1, 0, 11 },
                Package () { 0x0016FFFF, 2, 0, 11 }, Package () { 0x0016FFFF, 3, 0, 10 },
                Package () { 0x0017FFFF, 0, 0, 11 }, Package () { 0x0017FFFF, 1, 0, 11 },
                Package () { 0x0017FFFF, 2, 0, 10 }, Package () { 0x0017FFFF, 3, 0, 10 },
                Package () { 0x0018FFFF, 0, 0, 11 }, Package () { 0x0018FFFF, 1, 0, 10 },
                Package () { 0x0018FFFF, 2, 0, 10 }, Package () { 0x0018FFFF, 3, 0, 11 },
                Package () { 0x0019FFFF, 0, 0, 10 }, Package () { 0x0019FFFF, 1, 0, 10 },
                Package () { 0x0019FFFF, 2, 0, 11 }, Package () { 0x0019FFFF, 3, 0, 11 },
                Package () { 0x001AFFFF, 0, 0, 10 }, Package () { 0x001AFFFF, 1, 0, 11 },
                Package () { 0x001AFFFF, 2, 0, 11 }, Package () { 0x001AFFFF, 3, 0, 10 },
                Package () { 0x001BFFFF, 0, 0, 11 }, Package () { 0x001BFFFF, 1, 0, 11 },
                Package () { 0x001BFFFF, 2, 0, 10 }, Package () { 0x001BFFFF, 3, 0, 10 },
                Package () { 0x001CFFFF, 0, 0, 11 }, Package () { 0x001CFFFF, 1, 0, 10 },
                Package () { 0x001CFFFF, 2, 0, 10 }, Package () { 0x001CFFFF, 3, 0, 11 },
                Package () { 0x001DFFFF, 0, 0, 10 }, Package () { 0x001DFFFF, 1, 0, 10 },
                Package () { 0x001DFFFF, 2, 0, 11 }, Package () { 0x001DFFFF, 3, 0, 11 },
                Package () { 0x001EFFFF, 0, 0, 10 }, Package () { 0x001EFFFF, 1, 0, 11 },
                Package () { 0x001EFFFF, 2, 0, 11 }, Package () { 0x001EFFFF, 3, 0, 10 },
                Package () { 0x001FFFFF, 0, 0, 11 }, Package () { 0x001FFFFF, 1, 0, 11 },
                Package () { 0x001FFFFF, 2, 0, 10 }, Package () { 0x001FFFFF, 3, 0, 10 }
            })

            // Present if something answers at its place.
            Device (HPET)
            {
                Name (_HID, EisaId ("PNP0103"))
                Name (_UID, 0)
                OperationRegion (REGS, SystemMemory, 0xFED00000, 0x0400)
                Field (REGS, DWordAcc, NoLock, Preserve)
                {
                    CAPS, 32
                }
                Method (_STA, 0, NotSerialized)
                {
                    If (LEqual (CAPS, 0xFFFFFFFF))
                    {
                        Return (0)
                    }
                    Return (0x0F)
                }
                Name (_CRS, ResourceTemplate ()
                {
                    Memory32Fixed (ReadOnly, 0xFED00000, 0x00000400)
                })
            }

            Device (ISA)
            {
                Name (_ADR, 0x00010000)

                Device (PIC)
                {
                    Name (_HID, EisaId ("PNP0000"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0020, 0x0020, 1, 2)
                        IO (Decode16, 0x00A0, 0x00A0, 1, 2)
                        IO (Decode16, 0x04D0, 0x04D0, 1, 2)
                        IRQNoFlags () { 2 }
                    })
                }

                Device (PIT)
                {
                    Name (_HID, EisaId ("PNP0100"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0040, 0x0040, 1, 4)
                        IRQNoFlags () { 0 }
                    })
                }

                Device (SPKR)
                {
                    Name (_HID, EisaId ("PNP0800"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0061, 0x0061, 1, 1)
                    })
                }

                Device (RTC)
                {
                    Name (_HID, EisaId ("PNP0B00"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0070, 0x0070, 1, 2)
                        IRQNoFlags () { 8 }
                    })
                }

                Device (FPU)
                {
                    Name (_HID, EisaId ("PNP0C04"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x00F0, 0x00F0, 1, 16)
                        IRQNoFlags () { 13 }
                    })
                }

                Device (KBD)
                {
                    Name (_HID, EisaId ("PNP0303"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0060, 0x0060, 1, 1)
                        IO (Decode16, 0x0064, 0x0064, 1, 1)
                        IRQNoFlags () { 1 }
                    })
                }

                Device (MOU)
                {
                    Name (_HID, EisaId ("PNP0F13"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IRQNoFlags () { 12 }
                    })
                }

                Device (COM1)
                {
                    Name (_HID, EisaId ("PNP0501"))
                    Name (_UID, 1)
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x03F8, 0x03F8, 1, 8)
                        IRQNoFlags () { 4 }
                    })
                }
            }
        }
    }
}

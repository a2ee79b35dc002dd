// A village street at nightfall after rain: lamps and windows against a blue evening, wet cobbles, a cafe.
#version 3.7;
global_settings { assumed_gamma 1 max_trace_level 5 }
#default { finish { ambient 0 emission 0 diffuse 0.8 } }
#include "common.inc"
#include "nature.inc"
#include "village.inc"

#declare Lit_Windows = 0.5;
#declare West = vnormalize(<-0.25, 0.10, 1>);
camera {
    location <1.0, 2.3, -10.5>
    right x*16/9
    angle 64
    look_at <-0.3, 4.5, 12>
}
light_source { 1000*<-0.5, 0.5, 0.5> srgb <0.66, 0.54, 0.66>*0.6 parallel point_at 0 }
light_source { <300, 800, -500> srgb <0.36, 0.48, 0.86>*0.75 shadowless parallel point_at 0 }

Clouded_Sky(C(255, 168, 84), C(128, 140, 198), C(22, 48, 124), C(255, 196, 140), C(70, 78, 140), West, 0.475, <2.4, 0.3, 1.1>)
fog { fog_type 2 distance 260 fog_offset 0 fog_alt 9 color srgb <0.66, 0.54, 0.60> }

// Cobbles: rounded stones in mortar, wet; pavements of slabs along the houses.
plane {
    y, 0
    texture {
        pigment {
            crackle
            pigment_map {
                [0.06 C(30, 30, 38)]
                [0.14
                    function { Noise(2.3*x, 0, 2.3*z)*0.7 + 0.3*Noise(17*x, 0, 17*z) }
                    color_map { [0.2 C(62, 64, 80)] [0.5 C(112, 106, 112)] [0.8 C(146, 126, 112)] }
                ]
            }
            scale <0.24, 0.24, 0.20>
        }
        normal {
            crackle 1.0
            slope_map { [0 <0, 1>] [0.25 <0.8, 1>] [0.6 <1, 0>] [1 <1, 0>] }
            scale <0.24, 0.24, 0.20>
        }
        finish { diffuse 0.75 specular 0.5 roughness 0.02 reflection { 0.03, 0.45 } }
    }
}
#macro Pavement(X)
    box {
        <X - 0.9, -1, -14>, <X + 0.9, 0.13, 60>
        texture {
            pigment { brick C(66, 64, 70), C(140, 134, 134) brick_size <0.9, 0.5, 0.6> mortar 0.02 }
            normal { granite 0.3 }
            finish { reflection { 0.01, 0.12 } }
        }
    }
#end
Pavement(-4.6)
Pavement(4.6)

// Two rows of houses: wide fronts and gables by turns.
#macro Left_House(Z, W, D, Wall, Roof, Colour, Tile, Shutter, Beams)
    object { House(W, D, Wall, Roof, Colour, Tile, Shutter, Beams) rotate -90*y translate <-5.3 - D/2, 0.1, Z> }
#end
#macro Left_Gable(Z, W, D, Wall, Roof, Colour, Tile, Shutter, Beams)
    object { House(W, D, Wall, Roof, Colour, Tile, Shutter, Beams) translate <-5.3 - W/2, 0.1, Z> }
#end
#macro Right_House(Z, W, D, Wall, Roof, Colour, Tile, Shutter, Beams)
    object { House(W, D, Wall, Roof, Colour, Tile, Shutter, Beams) rotate 90*y translate <5.3 + D/2, 0.1, Z> }
#end
#macro Right_Gable(Z, W, D, Wall, Roof, Colour, Tile, Shutter, Beams)
    object { House(W, D, Wall, Roof, Colour, Tile, Shutter, Beams) translate <5.3 + W/2, 0.1, Z> }
#end
#declare Brick_Red = C(166, 78, 56);
#declare Slate = C(92, 98, 118);
#declare Ochre = C(226, 178, 104);
#declare Rose = C(214, 140, 124);
#declare Ivory = C(234, 224, 200);
#declare Sage = C(166, 184, 150);
#declare Green = C(40, 96, 80);
#declare Blue = C(54, 84, 140);
#declare Wine = C(124, 44, 50);

Left_House(-5.0, 8.4, 8, 6.2, 3.6, Ochre, Brick_Red, Green, 0)
Left_Gable(3.2, 8, 7.4, 6.4, 4.4, Ivory, Slate, Wine, 1)
Left_House(11.2, 8, 8, 5.6, 4.0, Rose, Brick_Red, Blue, 0)
Left_Gable(18.6, 8, 6.4, 7.9, 4.2, Sage, Brick_Red, Green, 0)
Left_House(26.2, 8, 8, 5.6, 4.0, Ivory, Slate, Blue, 1)
Left_Gable(34, 8, 7, 6.0, 4.4, Ochre, Brick_Red, Wine, 0)
Right_Gable(-4.5, 8, 7, 6.4, 4.4, Rose, Brick_Red, Blue, 0)
Right_House(3.4, 8, 8, 5.6, 3.8, Ivory, Brick_Red, Green, 1)
Right_Gable(11.2, 8, 6.8, 8.0, 4.2, Ochre, Slate, Wine, 0)
Right_House(19.0, 8, 8, 5.6, 4.2, Sage, Brick_Red, Blue, 0)
Right_Gable(26.6, 8, 6.6, 6.2, 4.4, Ivory, Brick_Red, Green, 1)
Right_House(34.2, 8, 8, 6, 4, Rose, Slate, Wine, 0)
object { Church(C(190, 178, 170), C(120, 66, 56)) scale 1.05 rotate -10*y translate <-1.4, 0, 56> }

// Lamps, hung out from the fronts on iron arms.
#macro Lamp(P, Side)
    #local Head = P + <Side*0.95, 0, 0>;
    light_source {
        Head + <0, -0.12, 0>
        srgb <1, 0.66, 0.30>*1.5
        fade_distance 2.6 fade_power 2
        looks_like { sphere { 0, 0.13 pigment { C(255, 226, 150) } finish { emission 1.7 diffuse 0 } } }
    }
    union {
        cylinder { P, Head + 0.3*y, 0.03 }
        cylinder { P - 0.5*y, Head + 0.3*y, 0.02 }
        cone { Head + 0.08*y, 0.24, Head + 0.34*y, 0.04 }
        torus { 0.15, 0.015 translate Head - 0.28*y }
        #local I = 0;
        #while (I < 4)
            cylinder { Head + <0.2*cos(I*pi/2), 0.08, 0.2*sin(I*pi/2)>, Head + <0.14*cos(I*pi/2), -0.28, 0.14*sin(I*pi/2)>, 0.014 }
            #local I = I + 1;
        #end
        pigment { C(24, 26, 30) }
    }
#end
Lamp(<-5.3, 3.7, -1.0>, 1)
Lamp(<5.3, 3.7, 1.6>, -1)
Lamp(<-5.3, 3.7, 8.6>, 1)
Lamp(<5.3, 3.7, 15.2>, -1)
Lamp(<-5.3, 3.7, 22.2>, 1)
Lamp(<5.3, 3.7, 30.2>, -1)

// The cafe on the left: awning, round tables, chairs, guests.
#declare Awning = union {
    #declare I = 0;
    #while (I < 12)
        union {
            triangle { <0, 3.3, 0>, <0, 3.3, 0.6>, <2.3, 2.55, 0> }
            triangle { <0, 3.3, 0.6>, <2.3, 2.55, 0>, <2.3, 2.55, 0.6> }
            box { <2.28, 2.33, 0>, <2.3, 2.56, 0.6> }
            pigment { #if (mod(I, 2)) C(206, 60, 44) #else C(248, 226, 170) #end }
            translate 0.6*I*z
        }
        #declare I = I + 1;
    #end
    finish { emission 0.12 }
}
object { Awning translate <-5.3, 0.1, -0.2> }
light_source { <-4.6, 2.45, 3.2> srgb <1, 0.74, 0.40>*1.0 fade_distance 2.0 fade_power 2 }

#macro Table(X, Z)
    union {
        cylinder { <0, 0.74, 0>, <0, 0.78, 0>, 0.42 pigment { C(236, 226, 206) } finish { specular 0.4 reflection 0.06 } }
        cylinder { 0, 0.75*y, 0.035 pigment { C(40, 44, 46) } }
        cone { 0, 0.25, 0.06*y, 0.04 pigment { C(40, 44, 46) } }
        cylinder { <0.1, 0.78, 0.05>, <0.1, 1.0, 0.05>, 0.04 pigment { C(30, 70, 44) } finish { specular 0.9 } }
        cylinder { <0.1, 1.0, 0.05>, <0.1, 1.1, 0.05>, 0.015 pigment { C(30, 70, 44) } }
        cone { <-0.14, 0.82, -0.1>, 0.02, <-0.14, 0.92, -0.1>, 0.04 pigment { C(150, 30, 40) } finish { specular 0.9 } }
        translate <X, 0.1, Z>
    }
#end
#macro Chair(X, Z, A)
    union {
        box { <-0.2, 0.43, -0.2>, <0.2, 0.47, 0.2> }
        box { <-0.2, 0.75, 0.18>, <0.2, 0.95, 0.21> }
        #local I = 0;
        #while (I < 4)
            #local LegX = 0.18*(mod(I, 2)*2 - 1);
            #local LegZ = 0.18*(floor(I/2)*2 - 1);
            cylinder { <LegX, 0, LegZ>, <LegX, (I < 2 ? 0.45 : 0.95), LegZ>, 0.02 }
            #local I = I + 1;
        #end
        Timber(C(96, 54, 30), C(170, 104, 58))
        rotate A*y
        translate <X, 0.1, Z>
    }
#end
// A person seen from afar: a coat, a head, a hat or hair, of the given height.
#macro Person(P, A, Coat, Hat, Height)
    union {
        cone { 0.35*y, 0.27, 1.38*y, 0.17 texture { Mottled(Coat*0.7, Coat, 0.3) } }
        sphere { 0, 1 scale <0.23, 0.14, 0.16> translate 1.38*y texture { Mottled(Coat*0.7, Coat, 0.3) } }
        cylinder { <0.22, 1.36, 0>, <0.30, 0.85, -0.08>, 0.065 pigment { Coat*0.85 } }
        cylinder { <-0.22, 1.36, 0>, <-0.30, 0.85, 0.08>, 0.065 pigment { Coat*0.85 } }
        cylinder { <-0.09, 0, 0.1>, <-0.09, 0.45, 0>, 0.075 pigment { C(34, 32, 38) } }
        cylinder { <0.09, 0, -0.1>, <0.09, 0.45, 0>, 0.075 pigment { C(34, 32, 38) } }
        sphere { 1.62*y, 0.12 pigment { C(214, 160, 128) } }
        cylinder { 1.68*y, 1.70*y, 0.2 pigment { Hat } }
        cylinder { 1.70*y, 1.82*y, 0.115 pigment { Hat } }
        scale Height/1.8
        rotate A*y
        translate P
    }
#end
Table(-3.9, 1.0) Chair(-3.9, 0.3, 180) Chair(-3.2, 1.2, -70)
Table(-3.7, 3.6) Chair(-3.7, 4.4, 10) Chair(-4.4, 3.3, 100)
Table(-4.0, 6.0) Chair(-3.4, 6.2, -80) Chair(-4.0, 5.3, 170)
Person(<-3.7, -0.25, 4.5>, 0, C(60, 80, 130), C(40, 36, 40), 1.75)
Person(<-4.5, -0.25, 3.2>, 90, C(150, 60, 60), C(220, 190, 120), 1.7)
Person(<-4.0, -0.25, 5.1>, 30, C(70, 90, 70), C(60, 40, 30), 1.75)
Person(<1.5, 0, 6.0>, 10, C(40, 50, 84), C(26, 28, 34), 1.84)
Person(<2.15, 0, 6.2>, -10, C(176, 66, 58), C(230, 200, 140), 1.68)
Person(<-0.9, 0, 15>, 180, C(90, 74, 60), C(40, 36, 36), 1.8)
Person(<0.4, 0, 24>, 180, C(56, 60, 90), C(30, 30, 40), 1.8)

// Flower boxes, a tree, a barrel with flowers.
#macro Flowers(P, Length, Petals)
    union {
        box { <-0.12, 0, -Length/2>, <0.12, 0.2, Length/2> Timber(C(90, 56, 34), C(150, 100, 60)) }
        mesh {
            Leaf_Clump(0.3*y, 0.22, 90, 0.16, 0)
            Leaf_Clump(<0, 0.3, Length/3>, 0.22, 90, 0.16, 0)
            Leaf_Clump(<0, 0.3, -Length/3>, 0.22, 90, 0.16, 0)
            texture { Mottled(C(36, 80, 36), C(110, 150, 60), 0.15) }
        }
        #local I = 0;
        #while (I < 26)
            sphere {
                <Rand(-0.2, 0.22), Rand(0.25, 0.55), Rand(-0.55, 0.55)*Length>, Rand(0.035, 0.06)
                pigment { Petals*Rand(0.8, 1.1) }
                finish { emission 0.1 }
            }
            #local I = I + 1;
        #end
        translate P
    }
#end
Flowers(<-5.15, 4.35, -2.0>, 1.2, C(230, 60, 60))
Flowers(<-5.15, 0.15, -2.3>, 1.2, C(240, 120, 150))
Flowers(<5.1, 0.15, -0.4>, 1.3, C(236, 70, 60))
Flowers(<5.15, 3.75, 4.4>, 1.2, C(250, 180, 70))
Flowers(<5.15, 3.75, 2.4>, 1.2, C(230, 80, 110))
Flowers(<-5.1, 4.0, 3.2>, 1.2, C(240, 90, 80))
#declare Lime = Broad_Tree(80, 120, 0.24, C(40, 66, 28), C(140, 150, 56))
object { Lime rotate 70*y scale 0.6 translate <4.3, 0.1, 8.4> }
object { Lime rotate 140*y scale 0.6 translate <-4.3, 0.1, 14.8> }
object { Lime rotate 200*y scale 0.6 translate <4.3, 0.1, 22> }

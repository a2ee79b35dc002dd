// The clip: a lake in the late afternoon. The camera glides along the shore; a mill turns, a boat sails by.
#version 3.7;
global_settings { assumed_gamma 1 max_trace_level 5 }
#default { finish { ambient 0 emission 0 diffuse 0.8 } }
#include "common.inc"
#include "nature.inc"
#include "village.inc"

#declare T = clock;
#declare Eye = <-3.2 + 0.85*T, 2.7 + 0.03*sin(T), -14 + 0.12*T>;
#declare Sun = vnormalize(<0.80, 0.40, -0.45>);

camera {
    location Eye
    right x*16/9
    angle 63
    look_at <-0.9 + 0.6*T, 5.0, 24>
}
light_source { 1000*Sun srgb <1, 0.86, 0.64>*1.75 parallel point_at 0 }
light_source { <-400, 700, -300> srgb <0.55, 0.68, 0.95>*0.55 shadowless parallel point_at 0 }
light_source { <0, -500, -400> srgb <0.6, 0.55, 0.5>*0.22 shadowless parallel point_at 0 }

Clouded_Sky(C(252, 226, 186), C(158, 196, 228), C(40, 92, 172), C(255, 244, 222), C(128, 138, 176),
    Sun, 0.455, <0.013*T + 0.2, 0.012*T, 0.4>)
fog { fog_type 2 distance 800 fog_offset 0 fog_alt 40 color srgb <0.80, 0.84, 0.90> }
Water(C(22, 52, 62), Eye, 0.55)

// A height field's function has its y towards -z.
// The land by the lake: a peninsula on the left and the bank under the camera.
#declare Peninsula = function(x, z) { 3.4*(1 - pow((x + 21)/19, 2) - pow((z - 29)/11, 2)) }
#declare Bank = function(x, z) { 0.30*(-3.4 - z - 0.45*(x + 6) + 1.2*Noise(0.5*x, 0, 0.5*z)) }
#declare Rough = function(x, z) { 0.5*Noise(0.35*x, 3, 0.35*z) + 0.16*Noise(1.7*x, 3, 1.7*z) - 0.3 }
#declare Land = function(x, z) { min(1.5 + 0.06*max(Peninsula(x, z), 0), max(-1.5, 0.8*max(Peninsula(x, z), Bank(x, z)) + Rough(x, z))) }
#declare Grass = texture {
    pigment {
        function { min(0.999, max(0, 0.55*Fbm(0.22*x, 0, 0.22*z) + 0.45*Noise(3*x, 0, 3*z) + 0.25*max(0, 0.35 - y))) }
        color_map { [0.30 C(60, 82, 30)] [0.45 C(104, 122, 44)] [0.60 C(150, 150, 66)] [0.70 C(172, 152, 98)] }
    }
    normal { granite 0.5 scale 2 }
}
height_field {
    function 500, 500 { 0.25*(2 + Land(-60 + 80*x, 60 - 80*y)) }
    smooth
    water_level 0.3
    scale <80, 4, 80>
    translate <-60, -2, -20>
    texture { Grass }
}

// The far shore: a wooded ridge, and mountains with snow.
height_field {
    function 300, 120 {
        0.02 + 0.95*pow(sin(pi*min(1, max(0, 1.15*(1 - y)))), 0.8)*(0.25 + 0.75*Fbm(5*x + 3.3, 0.4, 2*y))
    }
    smooth
    scale <1000, 62, 260>
    translate <-520, -2, 165>
    texture {
        pigment {
            function { min(0.999, 0.5*Fbm(x/24, y/24, z/24) + 0.5*Noise(x/3.2, y/3.2, z/3.2)) }
            color_map { [0.3 C(28, 52, 34)] [0.5 C(62, 92, 46)] [0.62 C(110, 122, 60)] [0.7 C(150, 118, 60)] }
        }
        normal { bumps 1.1 scale 3.4 }
    }
}
#macro Mountains(Size, Where, Offset, Snow)
    #local SX = Size.x; #local SY = Size.y;
    height_field {
        function 300, 200 {
            1.44*pow(sin(pi*y), 0.8)*pow(Ridges(3.1*x + Offset, 0.7, 1.4*y + Offset)*(0.5 + 0.6*Fbm(4*x + Offset, 5, y)), 1.25)
        }
        smooth
        scale Size
        translate Where
        texture {
            pigment {
                function { min(0.999, max(0, y/SY + 0.34*(Fbm(x/120, y/60, z/120) - 0.45) + 0.22*(Noise(x/22, y/50, z/22) - 0.5))) }
                color_map { [0.10 C(58, 78, 62)] [0.25 C(92, 98, 92)] [Snow C(126, 116, 122)] [Snow + 0.04 C(246, 240, 238)] }
            }
            normal { granite 0.5 scale 90 }
        }
    }
#end
Mountains(<2600, 230, 900>, <-1500, -10, 520>, 2.35, 0.66)
Mountains(<3800, 560, 1200>, <-1900, -10, 1100>, 7.1, 0.47)

// Trees.
#declare Oak = Broad_Tree(90, 120, 0.28, C(40, 66, 24), C(128, 146, 50))
#declare Maple = Broad_Tree(60, 100, 0.30, C(112, 66, 22), C(222, 150, 46))
#declare Spire = Poplar(80, 50, 0.28, C(52, 78, 28), C(150, 160, 60))
#declare Spruce = Fir(14, 34, 0.34, C(20, 48, 36), C(66, 100, 62))

#macro On_Land(Thing, X, Z, Scale) In_Wind(Thing, <X, Land(X, Z) - 0.05, Z>, Scale, 0.006) #end
On_Land(Oak, -22, 25, 1.05)
On_Land(Maple, -15.2, 29.5, 0.9)
On_Land(Spire, -25, 33, 1.0)
On_Land(Spire, -27.6, 32, 1.12)
On_Land(Spire, -30.2, 31, 0.95)
On_Land(Oak, -33, 27, 1.0)
On_Land(Maple, -5.2, 29, 0.55)
On_Land(Spruce, -18.6, 34, 0.9)

#declare I = 0;
#while (I < 330)
    #declare X = Rand(-190, 230);
    #declare Z = Rand(134, 175);
    #declare Kind = rand(Dice);
    #declare S = Rand(0.8, 1.5);
    object {
        #if (Kind < 0.35) Oak #else #if (Kind < 0.45) Maple #else #if (Kind < 0.65) Spire #else Spruce #end #end #end
        rotate Rand(0, 360)*y
        scale S
        translate <X, 0.15*(Z - 132) - 0.3, Z>
    }
    #declare I = I + 1;
#end
#declare I = 0;
#while (I < 120)
    #declare X = (mod(I, 3) = 0 ? Rand(-140, -28) : Rand(66, 200));
    object { #if (mod(I, 4) < 2) Oak #else #if (mod(I, 4) = 2) Maple #else Spire #end #end
        rotate Rand(0, 360)*y scale Rand(0.5, 1) translate <X, -0.4, Rand(119, 130)> }
    #declare I = I + 1;
#end

// The mill and its neighbours.
#declare Cream = C(236, 222, 190);
#declare Terracotta = C(186, 84, 50);
object { Windmill(18 + 26*T) scale 0.92 rotate 24*y translate <-10.4, Land(-10.4, 27) - 0.2, 27> }
object { House(6.4, 4.6, 2.7, 2.6, Cream, Terracotta, C(46, 96, 90), 1) rotate 14*y translate <-18.2, Land(-18.2, 23.5), 23.5> }
object { House(5.2, 4.2, 2.5, 2.5, C(222, 150, 108), C(150, 66, 44), C(230, 226, 210), 0) rotate -62*y translate <-26, Land(-26, 24), 24> }

// The village across the water.
#declare Cottage = array[4]
#declare Cottage[0] = House(9, 7, 5.2, 4, Cream, Terracotta, C(60, 100, 80), 0)
#declare Cottage[1] = House(8, 7, 5.2, 4.4, C(232, 190, 140), C(160, 70, 48), C(120, 60, 50), 0)
#declare Cottage[2] = House(10, 7, 5.2, 4, C(214, 150, 120), C(140, 66, 50), C(240, 236, 220), 1)
#declare Cottage[3] = House(7, 6, 3, 4, C(245, 240, 228), Terracotta, C(50, 90, 130), 0)
#declare I = 0;
#while (I < 17)
    object {
        Cottage[mod(I, 4)]
        rotate Rand(-35, 35)*y
        translate <-22 + 10.5*mod(I, 9) + Rand(-2, 2), 0.5 + 2.2*floor(I/9), 124 + 13*floor(I/9) + Rand(-2, 2)>
    }
    #declare I = I + 1;
#end
object { Church(C(214, 200, 178), C(150, 70, 52)) scale 1.25 rotate 20*y translate <26, 2.2, 136> }
height_field {
    function 200, 60 { 0.9*min(1, 2.2*(1 - y))*(0.8 + 0.3*Fbm(20*x, 0, 5*y)) }
    smooth
    scale <560, 4, 60>
    translate <-250, -0.6, 117>
    texture { Grass }
}

// Boats, jetty, gulls.
object {
    Sailing_Boat(C(62, 108, 158), C(186, 92, 52), C(238, 224, 190))
    rotate <-7 + 1.6*sin(1.7*T), 0, 1.3*sin(1.3*T + 1)>
    rotate -22*y
    translate <4.6 + 0.85*T, 0.05 + 0.06*sin(1.5*T), 15.5 + 0.3*T>
}
object {
    Sailing_Boat(C(120, 50, 40), C(244, 240, 228), C(244, 240, 228))
    rotate <-5 + 1.5*sin(1.4*T + 2), 0, 0>
    rotate 160*y
    translate <27 - 0.9*T, 0, 62>
}
object { Jetty(10) rotate 12*y translate <4.4, 0, -10> }
object {
    Rowing_Boat(C(70, 150, 158), C(236, 214, 160))
    rotate <2.5*sin(1.8*T), 0, 1.5*sin(1.4*T)>
    rotate 64*y
    translate <3.2 + 0.05*sin(T), 0.04 + 0.04*sin(1.9*T), -2.6>
}
#declare I = 0;
#while (I < 5)
    object {
        Gull(sin(2*pi*(1.1 + 0.1*I)*T + 2*I))
        rotate <-5, 60 + 8*I, 12>
        translate <-6 + 2.2*T + 2.3*I, 9.2 + 1.1*mod(I*3, 5) + 0.3*sin(T + I), 22 + 3*mod(I*2, 5)>
    }
    #declare I = I + 1;
#end

// Grass, reeds and flowers on the bank, stones at the water's edge.
#declare Blade = array[3]
#declare Blade[0] = object { Tuft(26, 0.38, 0.010, 0.5, 0.25) texture { Mottled(C(70, 96, 32), C(176, 178, 84), 0.4) } }
#declare Blade[1] = object { Tuft(26, 0.5, 0.010, 0.4, 0.22) texture { Mottled(C(56, 84, 30), C(140, 160, 60), 0.4) } }
#declare Blade[2] = object { Tuft(22, 0.4, 0.009, 0.6, 0.25) texture { Mottled(C(128, 116, 56), C(206, 184, 112), 0.4) } }
#declare Reed = union {
    object { Tuft(34, 1.7, 0.018, 0.22, 0.35) texture { Mottled(C(74, 98, 40), C(170, 168, 84), 0.5) } }
    #declare I = 0;
    #while (I < 7)
        #declare P = <0.3*Gauss(), 0, 0.3*Gauss()>;
        #declare Q = P + <0.2*Gauss(), Rand(1.3, 1.8), 0.2*Gauss()>;
        cylinder { P, Q, 0.010 pigment { C(120, 120, 60) } }
        cylinder { Q, Q + 0.2*y, 0.032 pigment { C(96, 60, 34) } }
        #declare I = I + 1;
    #end
}
#macro Flower(Petals)
    union {
        cylinder { 0, 0.4*y, 0.008 pigment { C(80, 110, 40) } }
        sphere { 0, 0.038 scale <1, 0.5, 1> translate 0.41*y pigment { Petals } finish { emission 0.1 } }
        sphere { 0, 0.013 translate 0.425*y pigment { C(250, 200, 60) } }
    }
#end
#declare Poppy = Flower(C(226, 60, 36))
#declare Daisy = Flower(C(250, 246, 236))

#declare I = 0;
#while (I < 2600)
    #declare X = Rand(-13, 5);
    #declare Z = Rand(-12, -1);
    #declare H = Land(X, Z);
    #if (H > 0.12)
        In_Wind(Blade[mod(I, 3)], <X, H - 0.05, Z>, Rand(0.7, 1.3), 0.08)
        #if (mod(I, 9) = 0 & Z > -9) In_Wind(Poppy, <X, H, Z>, Rand(0.8, 1.3), 0.08) #end
        #if (mod(I, 13) = 0 & Z > -9) In_Wind(Daisy, <X, H, Z>, Rand(0.8, 1.3), 0.08) #end
    #end
    #if (H > -0.35 & H < 0.02 & mod(I, 3) = 0 & X < -2.5)
        In_Wind(Reed, <X, H - 0.1, Z>, Rand(0.7, 1.1), 0.05)
    #end
    #if (H > -0.15 & H < 0.15 & mod(I, 6) = 0)
        Stone(<X, H, Z>, Rand(0.06, 0.26))
    #end
    #declare I = I + 1;
#end
#declare I = 0;
#while (I < 2400)
    #declare X = Rand(-34, 0);
    #declare Z = Rand(13, 26);
    #declare H = Land(X, Z);
    #if (H > 0.1) In_Wind(Blade[mod(I, 3)], <X, H - 0.05, Z>, Rand(1.2, 2.2), 0.06) #end
    #if (H > -0.3 & H < 0.05) In_Wind(Reed, <X, H - 0.1, Z>, Rand(0.7, 1), 0.05) #end
    #declare I = I + 1;
#end

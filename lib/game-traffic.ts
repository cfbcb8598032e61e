/**
 * The players of the original's game, as steps of the traffic.
 *
 * Each step is a line `ab -n 10 -H "Host: HOST" URL` of the original's script `basic`, or of the
 * odd and even rounds of its scripts `limit` and `infinite`. Another game needs no change here: the
 * traffic uses these steps only if they fit the game's events.
 */
export const gameTraffic = {
  basic: [
    { host: "user1.comcast.com", path: "/" },
    { host: "user1.comcast.com", path: "/purchase_sword" },
    { host: "user2.att.com", path: "/" },
    { host: "user2.att.com", path: "/purchase_sword" },
    { host: "user1.att.com", path: "/join_a_guild" },
    { host: "user2.att.com", path: "/join_a_guild" },
  ],
  odd: [
    { host: "user1.att.com", path: "/purchase_sword?metal=gold&power_level=100&magical=False" },
    { host: "user2.comcast.com", path: "/join_a_guild?region=ny" },
  ],
  even: [
    { host: "user1.att.com", path: "/purchase_sword?metal=copper&power_level=50&magical=True" },
    { host: "user2.comcast.com", path: "/join_a_guild?region=cali" },
  ],
};
